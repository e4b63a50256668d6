"""Curves of the voxel problem: score by epoch, by depth, and by width and gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sem3d.figures.colours import CURVES
from sem3d.figures.curves import Curve

ENOUGH: Final = 0.5
"""IoU from which on an object counts as recovered."""
_MARKERS: Final = ("o-", "s--", "^:", "v-.")


def draw_scores(runs: Mapping[str, Curve], printed: Mapping[str, float], label: str) -> Figure:
    """Draw a score by epoch, and printed final values as dotted lines.

    Args:
        runs: curve (N, 2) of epoch and score by run.
        printed: score by what it was printed for.
        label: title of the vertical axis.
    """
    figure, (axes,) = _panels(1, width=6.5)
    for name, style in _styles(runs).items():
        axes.plot(*runs[name].T, **style, label=name)
    for (name, score), place in zip(printed.items(), cycle((0.14, 0.3)), strict=False):
        axes.axhline(score, color="0.55", linewidth=0.8, linestyle=":")
        at = (place, score)  # neighbours stand side by side: their lines may be close
        told, units = f"{name} {score:g}", ("axes fraction", "data")
        axes.annotate(told, at, xycoords=units, fontsize=6.5, color="0.35", ha="right", va="bottom")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel=label, ylim=(0, 1.02))
    _legend(figure, [axes])
    return figure


def draw_depths(
    panels: Mapping[str, Mapping[str, Sequence[float | None]]], height_nm: float, body: str
) -> Figure:
    """Draw the IoU of every slice against its depth, which grows downward.

    Args:
        panels: IoU by slice from the top, by data set and predictor; None leaves a slice out.
        height_nm: voxel height [nm].
        body: name of the material.
    """
    figure, axes = _panels(len(panels), width=2.6, height=3.6)
    styles = _styles({name: None for curves in panels.values() for name in curves})
    for panel, (title, curves) in zip(axes, panels.items(), strict=True):
        for name, values in curves.items():
            depth = (np.arange(len(values)) + 0.5) * height_nm
            iou = np.array([np.nan if v is None else v for v in values])
            panel.plot(iou, depth, **styles[name], label=name)
        panel.set(xlim=(-0.02, 1.02), ylim=(len(values) * height_nm, 0))
        panel.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        panel.set_xlabel(f"IoU of {body}", fontsize=8)
        panel.set_title(title, fontsize=8, loc="left")
    axes[0].set_ylabel("depth z [nm]")
    _legend(figure, axes)
    return figure


@dataclass(frozen=True)
class Sizes:
    """Scores against one size: points (size, score) (N, 2) by predictor; axis titles."""

    title: str
    size: str
    score: str
    curves: Mapping[str, Curve]


def draw_resolution(panels: Sequence[Sizes]) -> Figure:
    """Draw scores against widths and gaps, three panels a row; the dotted line is one half."""
    figure, axes = _panels(len(panels), width=2.7, height=2.4, columns=3)
    styles = _styles({name: None for panel in panels for name in panel.curves})
    for axis, panel in zip(axes, panels, strict=True):
        for name, curve in panel.curves.items():
            axis.plot(*curve.T, **styles[name], label=name)
        axis.axhline(ENOUGH, color="0.4", linestyle=":", linewidth=0.9)
        axis.set(ylim=(-0.03, 1.03))
        axis.set_title(panel.title, fontsize=8, loc="left")
        axis.set_xlabel(panel.size, fontsize=8)
        axis.set_ylabel(panel.score, fontsize=8)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(figure, axes)
    return figure


def _panels(
    count: int, width: float, height: float = 3.2, columns: int | None = None
) -> tuple[Figure, list[Axes]]:
    columns = min(columns or count, count)
    rows = -(-count // columns)
    size = (columns * width + 0.6, rows * height + 0.7)
    figure = Figure(figsize=size, layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in axes[:count]:
        panel.grid(color="0.92", linewidth=0.6)
        panel.tick_params(labelsize=7)
    for panel in axes[count:]:
        panel.set_axis_off()
    return figure, axes[:count]


def _styles(names: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Return line, marker and colour by name: the same in every panel."""
    looks = zip(cycle(_MARKERS), cycle(CURVES), strict=False)
    return {
        name: {"marker": mark[0], "linestyle": mark[1:], "color": colour, "markersize": 3}
        for name, (mark, colour) in zip(names, looks, strict=False)
    }


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    lines = {str(line.get_label()): line for panel in axes for line in panel.get_lines()}
    named = [line for label, line in lines.items() if not label.startswith("_")]
    longest = max((len(str(line.get_label())) for line in named), default=0)
    fit = int(16 * figure.get_figwidth()) // (longest + 8)  # 16 letters to the inch
    looks = {"ncols": min(3, max(1, fit)), "frameon": False, "fontsize": 7.5}
    figure.legend(handles=named, loc="outside lower center", **looks)
