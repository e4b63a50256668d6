"""Parallel coordinates: a line per job through its settings to its score."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sem3d.figures.sweeps.axes import Axis, apart
from sem3d.figures.sweeps.scale import BEST, Scale

SPREAD: Final = 0.7
"""Part of the space between two values that the lines of one value take."""

WIDEST: Final = 0.02
"""Most of an axis that the lines of one value take."""

LABEL: Final = 0.03
"""Height of a label."""

NOWHERE: Final = -0.09
"""Height of lines without a score, below the axis of scores."""

STRIP: Final = 0.05
"""Width of the axis of scores, which shows their colours."""

PALE: Final = "0.72"


@dataclass(frozen=True)
class Line:
    """One job.

    Attributes:
        places: number of its value on each axis.
        score: None when it has none.
        stopped: whether it was stopped before its end because others were better.
    """

    places: tuple[int, ...]
    score: float | None
    stopped: bool = False


def draw_parallel(
    axes: Sequence[Axis], lines: Sequence[Line], best: str, score: str, scale: Scale
) -> Figure:
    """Draw jobs as lines through their settings to their score.

    The lines of one value are spread by rank of their score, the best on top.

    Args:
        axes: the settings, from left to right.
        lines: the jobs.
        best: settings of the best.
        score: name of the score, on the last axis.
        scale: of the scores; worse ones end at its end.
    """
    figure = Figure(figsize=(2.6 + 2.1 * len(axes), 5.4), layout="constrained")
    area = figure.subplots()
    ordered = _worst_first(lines, scale)
    heights = _heights(axes, ordered, scale)
    _draw_lines(area, ordered, heights, scale)
    for n, axis in enumerate(axes):
        _draw_axis(area, n, axis)
    _draw_scores(area, len(axes), score, scale, any(line.score is None for line in lines))
    area.set(xlim=(-0.25, len(axes) + 0.3), ylim=(NOWHERE - 0.05, 1.1))
    area.set_axis_off()
    _legend(figure, lines, best)
    return figure


def _worst_first(lines: Sequence[Line], scale: Scale) -> list[Line]:
    sign = 1 if scale.higher else -1
    return sorted(lines, key=lambda line: -np.inf if line.score is None else sign * line.score)


def _heights(axes: Sequence[Axis], ordered: Sequence[Line], scale: Scale) -> np.ndarray:
    """Return heights (jobs, axes + 1) from 0 to 1 on every axis and on that of scores."""
    heights = np.empty((len(ordered), len(axes) + 1))
    for n, axis in enumerate(axes):
        gaps = [b - a for a, b in pairwise(axis.places)]
        width = min(WIDEST, SPREAD * min(gaps, default=1.0))
        for place, at in enumerate(axis.places):
            here = [row for row, line in enumerate(ordered) if line.places[n] == place]
            offsets = np.linspace(-0.5, 0.5, len(here)) if len(here) > 1 else np.zeros(len(here))
            heights[here, n] = at + width * offsets
    for row, line in enumerate(ordered):
        heights[row, -1] = NOWHERE if line.score is None else _height(line.score, scale)
    return heights


def _height(score: float, scale: Scale) -> float:
    return float(np.clip((score - scale.low) / (scale.high - scale.low), 0, 1))


def _draw_lines(area: Axes, ordered: Sequence[Line], heights: np.ndarray, scale: Scale) -> None:
    across = np.arange(heights.shape[1])
    colours = [
        PALE if line.score is None else scale.colours(scale.norm(line.score)) for line in ordered
    ]
    styles = ["dotted" if line.stopped or line.score is None else "solid" for line in ordered]
    paths = [np.column_stack([across, height]) for height in heights]
    thin = 1.6 if len(ordered) < 40 else 0.9
    area.add_collection(
        LineCollection(paths, colors=colours, linestyles=styles, linewidths=thin, alpha=0.85)
    )
    for line, height, colour in zip(ordered, heights, colours, strict=True):
        if line.score is None or line.stopped:
            marker = "x" if line.score is None else "|"
            area.plot(across[-1], height[-1], marker, color=colour, markersize=5)
    if ordered and ordered[-1].score is not None:
        area.plot(across, heights[-1], color=BEST, linewidth=2.6, zorder=4)


def _draw_axis(area: Axes, n: int, axis: Axis) -> None:
    ends = [-0.5 * WIDEST, 1 + 0.5 * WIDEST]
    area.plot([n, n], ends, color="0.2", linewidth=1, zorder=3)
    for row in apart(axis.places, LABEL):
        label, place = axis.labels[row], axis.places[row]
        area.text(
            n - 0.03, place, label, ha="right", va="center", fontsize=7.5, zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip
    area.text(n, 1.07, axis.name, ha="center", va="bottom", fontsize=9)


def _draw_scores(area: Axes, n: int, score: str, scale: Scale, lost: bool) -> None:
    steps = np.linspace(scale.low, scale.high, 256)[:, None]
    area.imshow(
        steps, cmap=scale.colours, norm=scale.norm, extent=(n, n + STRIP, 0, 1), aspect="auto",
        origin="lower",
    )  # fmt: skip
    for tick in MaxNLocator(6).tick_values(scale.low, scale.high):
        if scale.low <= tick <= scale.high and not (scale.cut and _is_low(tick, scale)):
            area.text(
                n + 0.02 + STRIP, _height(tick, scale), f"{tick:g}", va="center", fontsize=7.5
            )
    if scale.cut:
        end = 0 if scale.higher else 1
        text = f"{'≤' if scale.higher else '≥'} {scale.low if scale.higher else scale.high:.3g}"
        area.text(n + 0.02 + STRIP, end, text, va="center", fontsize=7.5)
    if lost:
        area.text(n + 0.02 + STRIP, NOWHERE, "no score", va="center", fontsize=7.5)
    area.text(n, 1.07, score, ha="center", va="bottom", fontsize=9)


def _is_low(tick: float, scale: Scale) -> bool:
    """Whether a tick would meet that of the scale's cut end."""
    height = _height(tick, scale)
    return (height if scale.higher else 1 - height) < 0.05


def _legend(figure: Figure, lines: Sequence[Line], best: str) -> None:
    handles = [Line2D([], [], color=BEST, linewidth=2.6, label=f"best: {best}")]
    for label, marker, colour, shown in (
        ("stopped early", "|", "0.4", any(line.stopped for line in lines)),
        ("failed, diverged or not finished", "x", PALE, any(line.score is None for line in lines)),
    ):
        if shown:
            handles.append(Line2D([], [], color=colour, linestyle=":", marker=marker, label=label))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
