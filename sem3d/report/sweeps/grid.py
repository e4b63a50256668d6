"""The jobs of a sweep on the grid of its settings, as numbers for figures and importance."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from sem3d.report.sweeps.importance import Importance, importance
from sem3d.report.sweeps.outcomes import ENDED, Outcome, Sweep
from sem3d.report.sweeps.parameters import Parameter, parameters


def cells(axes: Sequence[Parameter], outcomes: Sequence[Outcome]) -> list[tuple[int, ...]]:
    """Return the place of every job on the axes of the grid."""
    places = [{value: n for n, value in enumerate(axis.values)} for axis in axes]
    return [
        tuple(place[one.job.values[axis.key]] for axis, place in zip(axes, places, strict=True))
        for one in outcomes
    ]


def on_grid(
    axes: Sequence[Parameter], outcomes: Sequence[Outcome], scores: Sequence[float | None]
) -> Float[np.ndarray, "*grid"]:
    """Return the scores on the grid, NaN where there is none."""
    grid = np.full([len(axis.values) for axis in axes], np.nan)
    for cell, score in zip(cells(axes, outcomes), scores, strict=True):
        grid[cell] = np.nan if score is None else score
    return grid


def compared(sweep: Sweep) -> tuple[list[float | None], int | None]:
    """Return scores that may be compared with each other, and after how many epochs they are.

    Without halving these are the best scores of the jobs that are done. With halving the jobs that
    are done are few and the good ones; so all jobs are compared by their best score up to the
    epoch at which the first of them was stopped.
    """
    cuts = [int(one.job.done["halved"]["epoch"]) for one in sweep.of("halved")]
    if not cuts:
        return [one.score if one.job.state in ENDED else None for one in sweep.outcomes], None
    first = min(cuts)
    return [_until(sweep, one, first) for one in sweep.outcomes], first


def _until(sweep: Sweep, one: Outcome, epochs: int) -> float | None:
    early = [s for epoch, s in one.points if epoch < epochs and np.isfinite(s)]
    if one.epochs < epochs or not early:
        return None
    return max(early) if sweep.higher else min(early)


def weighed(sweep: Sweep) -> tuple[Importance | None, str]:
    """Return the importance of the settings of a sweep, and what it rests on in words.

    There is none for fewer than two settings: the only one has all of it.
    """
    axes = parameters(sweep.plan)
    scores, epochs = compared(sweep)
    found = importance(on_grid(axes, sweep.outcomes, scores)) if len(axes) > 1 else None
    after = f" after {epochs} epochs" if epochs else ""
    jobs = f"{found.jobs} of {found.cells} jobs" if found else "no job"
    return found, f"from {jobs}, by their best score{after}"
