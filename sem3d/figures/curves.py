"""Curves: losses and validation metrics while training, scores against noise."""

from collections.abc import Mapping
from itertools import cycle
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sem3d.figures.colours import CURVES

Curve = Float[np.ndarray, "N 2"]
"""Points (epoch, value) in order of training."""

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


def draw_noise_stability(curves: Mapping[str, Curve]) -> Figure:
    """Draw mIoU against the noise level: points (noise [%], mIoU) (N, 2) by predictor."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for (name, curve), colour in zip(curves.items(), cycle(CURVES), strict=False):
        axes.plot(*curve.T, "o-", color=colour, markersize=4, label=name)
    axes.set(xlabel="noise [% of the signal]", ylabel="mIoU", ylim=(None, 1.01))
    axes.grid(color="0.9", linewidth=0.6)
    figure.legend(loc="outside right center", frameon=False, fontsize=8)
    return figure


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
