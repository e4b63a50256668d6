"""The figures of a sweep with their captions."""

import numpy as np
from matplotlib.figure import Figure

from sem3d.figures.sweeps.curves import End, Trained, draw_sweep_curves
from sem3d.figures.sweeps.heat import draw_line, draw_map, draw_pairs, draw_slices
from sem3d.figures.sweeps.parallel import Line, draw_parallel
from sem3d.figures.sweeps.scale import Scale, scale_of
from sem3d.figures.sweeps.scores import Scores
from sem3d.figures.sweeps.shares import Bar, draw_shares
from sem3d.report.pictures import Picture
from sem3d.report.sweeps.grid import cells, on_grid, weighed
from sem3d.report.sweeps.importance import Importance, Share
from sem3d.report.sweeps.outcomes import ENDED, Outcome, Sweep
from sem3d.report.sweeps.parameters import Parameter, parameters, settings

STEMS = ("curves", "parallel", "line", "map", "pairs", "slices", "importance")
"""Names of all figures that a sweep may have."""

MOST_PAIRED = 5
"""Settings in the figure of pairs: those with the most values."""

MOST_BARS = 10
"""Pairs in the figure of importance: those with the largest shares."""


def pictures(sweep: Sweep) -> list[Picture]:
    """Return the figures that the scores of a sweep allow, none without a score."""
    if not sweep.ranked:
        return []
    axes = parameters(sweep.plan)
    scale = scale_of(np.array([one.score for one in sweep.ranked], float), sweep.higher)
    found = [_curves(sweep, axes, scale)]
    if axes:
        found += [_parallel(sweep, axes, scale), *_maps(sweep, axes, scale), *_shares(sweep, axes)]
    return found


def _parallel(sweep: Sweep, axes: list[Parameter], scale: Scale) -> Picture:
    places = cells(axes, sweep.outcomes)
    lines = [
        Line(place, one.score, one.job.state == "halved")
        for place, one in zip(places, sweep.outcomes, strict=True)
        if one.job.state != "waiting"
    ]
    caption = (
        "A line is a job, its colour the best score. Lines of one value are spread by rank. "
        "Scores far below the median share the end of the scale."
    )
    figure = draw_parallel(axes, lines, _best(sweep, axes), sweep.plan.monitor, scale)
    return Picture("parallel", "Settings and score", caption, figure)


def _maps(sweep: Sweep, axes: list[Parameter], scale: Scale) -> list[Picture]:
    """Return a line for one setting, a map for two, pairs for more and slices for three."""
    name = sweep.plan.monitor
    shown = _scores(sweep, axes)
    caption = "Grey cells were not run, × has no score, (...) is of fewer epochs than planned."
    if len(axes) == 1:
        return [Picture("line", "Score", caption, draw_line(shown, name, scale))]
    if len(axes) == 2:
        return [Picture("map", "Score", caption, draw_map(shown, name, scale))]
    widest = sorted(range(len(axes)), key=lambda n: -len(axes[n].labels))[:MOST_PAIRED]
    found = [
        Picture(
            "pairs", "Pairs of settings", caption, draw_pairs(shown, name, scale, sorted(widest))
        )
    ]
    if len(axes) == 3:
        found.append(Picture("slices", "Score", caption, draw_slices(shown, name, scale)))
    return found


def _scores(sweep: Sweep, axes: list[Parameter]) -> Scores:
    every = sweep.outcomes
    lost = [float(one.score is None and one.job.state in (*ENDED, "failed")) for one in every]
    partial = [float(one.job.state != "done") for one in every]
    score = on_grid(axes, every, [one.score for one in every])
    flags = [np.nan_to_num(on_grid(axes, every, flag)) > 0 for flag in (lost, partial)]
    return Scores(tuple(axes), score, *flags)


def _curves(sweep: Sweep, axes: list[Parameter], scale: Scale) -> Picture:
    worst_first = sweep.ranked[::-1]
    jobs = [_trained(one) for one in worst_first]
    figure = draw_sweep_curves(jobs, _best(sweep, axes), sweep.plan.monitor, scale)
    caption = "A line is a job, its colour its best score. Epochs count from 0."
    return Picture("curves", "Learning curves", caption, figure)


def _best(sweep: Sweep, axes: list[Parameter]) -> str:
    """Return the settings of the best job in words."""
    best = sweep.ranked[0].job
    return settings(axes, best.values) or best.name


def _trained(one: Outcome) -> Trained:
    points = np.array([point for point in one.points if np.isfinite(point[1])])
    ends: dict[str, End] = {"done": "done", "halved": "halved", "failed": "failed"}
    return Trained(points, one.score or 0.0, ends.get(one.job.state, "running"))


def _shares(sweep: Sweep, axes: list[Parameter]) -> list[Picture]:
    """Return the figure of importance, none where there is nothing to split."""
    found, basis = weighed(sweep)
    if found is None:
        return []
    caption = f"{basis.capitalize()}."
    figure = _bars(found, axes, caption)
    return [Picture("importance", "Importance of the settings", caption, figure)]


def _bars(found: Importance, axes: list[Parameter], caption: str) -> Figure:
    singles = sorted(found.singles, key=lambda share: -share.share)
    pairs = sorted(found.pairs, key=lambda share: -share.share)[:MOST_BARS]
    bars = [_bar(share, axes, kind) for kind, part in enumerate((singles, pairs)) for share in part]
    left = 1 - sum(bar.share for bar in bars)
    named = "all else" if found.pairs else "pairs, larger groups, scatter"
    bars.append(Bar(named, max(0.0, left), 0.0, 0.0, None, 2))
    return draw_shares(bars, caption)


def _bar(share: Share, axes: list[Parameter], kind: int) -> Bar:
    name = " × ".join(axes[n].name for n in share.settings)
    return Bar(name, share.share, share.least, share.largest, share.chance, kind)
