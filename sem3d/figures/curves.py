"""Curves: losses and validation metrics while training, scores against noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, product
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sem3d.figures.colours import CURVES

Curve = Float[np.ndarray, "_ 2"]
"""Points (epoch or amount of noise, value) in rising order; every curve has its own length."""

METRICS: Final = {
    "val/miou_report": "mIoU",
    "val/mrecall_report": "mRecall",
    "val/macc": "mAccuracy",
}
"""Validation metrics of Artemov et al., Figure 6 b, and their axis titles."""


def draw_training(runs: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw training and validation losses (a) and validation metrics (b) of all runs.

    Args:
        runs: by run name, then by logged name (``"train/loss"``, ``"val/miou_report"``), the
            curve (N, 2) of epoch and value. Source: Artemov et al., Figure 6.
    """
    metrics = [name for name in METRICS if any(name in run for run in runs.values())]
    colours = dict(zip(runs, cycle(CURVES), strict=False))
    figure = Figure(figsize=(10, 3.4 * (1 + len(metrics) // 2)), layout="constrained")
    axes = figure.subplots((2 + len(metrics)) // 2, 2, squeeze=False).ravel()
    _draw_losses(axes[0], runs, colours)
    for panel, name in zip(axes[1:], metrics, strict=False):
        for run in (run for run in runs if name in runs[run]):
            panel.plot(*runs[run][name].T, ".-", color=colours[run], markersize=3)
        _label(panel, f"b) validation {METRICS[name]}", METRICS[name])
    for panel in axes[1 + len(metrics) :]:
        panel.set_axis_off()
    handles = [Line2D([], [], color=colour, label=run) for run, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


@dataclass(frozen=True)
class Panel:
    """Scores against one kind of noise.

    Attributes:
        title: what was scored.
        amount: title of the horizontal axis.
        curves: points (amount, score) (N, 2) by predictor.
        printed: printed points by name.
        log: whether amounts span decades.
    """

    title: str
    amount: str
    curves: Mapping[str, Curve]
    printed: Mapping[str, Curve] = field(default_factory=dict)
    log: bool = False


_LINES: Final = ("o-", "s--", "^:")
"""Marker and line of the first seven predictors, the next seven, and so on."""


def draw_noise_stability(panels: Sequence[Panel]) -> Figure:
    """Draw mIoU against noise, two panels a row; a predictor looks the same in all of them."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.curves))
    styles = dict(zip(names, cycle(product(_LINES, CURVES)), strict=False))
    rows, columns = -(-len(panels) // 2), min(2, len(panels))
    figure = Figure(figsize=(4.2 * columns + 2.2, 3.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axis, panel in zip(axes, panels, strict=False):
        _draw_panel(axis, panel, styles)
    axes[0].set_ylim(top=1.01)  # shared: all panels are on the scale of the lowest score
    for axis in axes[: len(panels) : 2]:
        axis.set_ylabel("mIoU")
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles = {h.get_label(): h for axis in axes for h in axis.get_lines()}
    figure.legend(
        handles=list(handles.values()), loc="outside right center", frameon=False, fontsize=8
    )
    return figure


def _draw_panel(axes: Axes, panel: Panel, styles: Mapping[str, tuple[str, str]]) -> None:
    for name, curve in panel.curves.items():
        line, colour = styles[name]
        axes.plot(*curve.T, line, color=colour, markersize=4, label=name)
    for name, curve in panel.printed.items():
        axes.plot(*curve.T, "k-.", marker="x", linewidth=0.8, markersize=6, label=name)
    if panel.log:
        axes.set_xscale("log")
    axes.set_title(panel.title, fontsize=9, loc="left")
    axes.set_xlabel(panel.amount)
    axes.grid(color="0.9", linewidth=0.6)


def _draw_losses(
    axes: Axes, runs: Mapping[str, Mapping[str, Curve]], colours: Mapping[str, str]
) -> None:
    for run, curves in runs.items():
        for name, style in (("train/loss", "--"), ("val/loss", "-")):
            if name in curves:
                axes.plot(*curves[name].T, style, color=colours[run], linewidth=1.2)
    axes.set_yscale("log")
    _label(axes, "a) loss: dashed training, solid validation", "loss")


def _label(axes: Axes, title: str, ylabel: str) -> None:
    axes.set_title(title, fontsize=9, loc="left")
    axes.set(xlabel="epoch", ylabel=ylabel)
    axes.grid(color="0.9", linewidth=0.6)
