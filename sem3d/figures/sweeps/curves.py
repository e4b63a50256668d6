"""Learning curves of all jobs of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sem3d.figures.sweeps.scale import BEST, Scale

End = Literal["done", "halved", "failed", "running"]

MARKS: Final[dict[End, tuple[str, str]]] = {
    "done": ("", ""),
    "halved": (".", "stopped early"),
    "failed": ("x", "failed or diverged"),
    "running": ("o", "running or interrupted"),
}
"""Marker at the end of a curve, and its meaning."""


@dataclass(frozen=True)
class Trained:
    """The curve of one job.

    Attributes:
        points: finite points (N, 2) of epoch and score, N > 0.
        score: its best score.
        end: why it ends.
    """

    points: Float[np.ndarray, "_ 2"]
    score: float
    end: End


def draw_sweep_curves(jobs: Sequence[Trained], best: str, score: str, scale: Scale) -> Figure:
    """Draw the score of every job by epoch, the best on top.

    Args:
        jobs: the best last.
        best: settings of the best.
        score: name of the score.
        scale: of the best scores.
    """
    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    area = figure.subplots()
    thin = 1.2 if len(jobs) < 40 else 0.6
    for job in jobs:
        colour = scale.colours(scale.norm(job.score))
        area.plot(*job.points.T, _dot(job), color=colour, linewidth=thin, alpha=0.8)
        marker, _ = MARKS[job.end]
        if marker:
            area.plot(*job.points[-1], marker, color=colour, markersize=5, fillstyle=_fill(job.end))
    area.plot(*jobs[-1].points.T, _dot(jobs[-1]), color=BEST, linewidth=2.2)
    epochs, every = np.concatenate([job.points for job in jobs]).T
    area.set_ylim(*_limits(every, scale))
    area.set(xlabel="epoch", ylabel=score)
    area.xaxis.set_major_locator(MaxNLocator(integer=True))
    if epochs.min() == epochs.max():
        area.set(xlim=(epochs[0] - 1, epochs[0] + 1), xticks=epochs[:1])
    area.grid(color="0.92", linewidth=0.6)
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours), ax=area, extend=scale.extend, pad=0.02,
        ticks=MaxNLocator(6),
    )  # fmt: skip
    bar.set_label(f"best {score} of the run", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    handles = [Line2D([], [], color=BEST, linewidth=2.2, label=f"best: {best}")]
    for end, (marker, meaning) in MARKS.items():
        if marker and any(job.end == end for job in jobs):
            handles.append(
                Line2D(
                    [], [], color="0.4", linestyle="none", marker=marker, fillstyle=_fill(end),
                    label=meaning,
                )
            )  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def _dot(job: Trained) -> str:
    """Format of a curve: one point alone would be no line."""
    return "-" if len(job.points) > 1 else "o"


def _fill(end: End) -> Literal["full", "none"]:
    return "none" if end == "running" else "full"


def _limits(every: Float[np.ndarray, " N"], scale: Scale) -> tuple[float, float]:
    """Return limits that show all scores where the best end is; wild starts of losses are cut."""
    low, high = (
        np.percentile(every, [0, 98]) if not scale.higher else np.percentile(every, [2, 100])
    )
    low, high = min(low, scale.low), max(high, scale.high)
    space = 0.04 * (high - low)
    return float(low - space), float(high + space)
