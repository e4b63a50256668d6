"""What the picture grids share: named rows of panels, colour bars and the class legend."""

import re
import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sem3d.figures.colours import material_colour


def panel_grid(
    rows: int, columns: int, panel_inch: tuple[float, float] = (1.55, 1.55)
) -> tuple[Figure, np.ndarray]:
    """Return a figure of panels of (width, height) `panel_inch` and its (rows, columns) axes."""
    width, height = panel_inch
    size = (columns * width + 1.7, rows * height + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, sharex="col", sharey=True, squeeze=False)
    for panel in axes.flat:
        panel.tick_params(labelsize=7, length=2)
    return figure, axes


def wrapped(name: str) -> str:
    """Return a row name broken into at most four short lines."""
    parts = re.split(r"(?<=,)|(?=\+)", name)  # run names join their settings by these
    lines = [line for part in parts for line in textwrap.wrap(part, 20)]
    return "\n".join(lines if len(lines) <= 4 else [*lines[:3], f"{lines[3][:19]}…"])


def name_row(axes: Axes, name: str) -> None:
    """Write the row's `name` left of the row's first panel."""
    axes.set_ylabel(
        wrapped(name), rotation=0, ha="right", va="center", weight="bold", fontsize=7.5, labelpad=6
    )


def name_axes(figure: Figure, axes: np.ndarray, x: str, y: str) -> None:
    """Write the horizontal axis title below every column, the vertical one left of the figure."""
    for bottom in axes[-1]:
        bottom.set_xlabel(x, fontsize=8)
    figure.supylabel(y, fontsize=8)


def blank(axes: Axes, text: str) -> None:
    """Show only `text` where a panel has nothing to show."""
    axes.set_frame_on(False)
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.text(0.5, 0.5, text, ha="center", va="center", color="0.45", transform=axes.transAxes)


def colour_bar(
    figure: Figure,
    image: AxesImage,
    column: Iterable[Axes],
    label: str,
    *,
    aspect: float = 14,
    clipped: bool = False,
) -> None:
    """Explain the colours of `image` below a column of panels.

    Args:
        figure: where the panels are.
        image: one of the images that share the colours.
        column: the panels.
        label: what the colours stand for, with its unit.
        aspect: length of the bar over its thickness.
        clipped: whether values may lie above the scale; error scales always let them.
    """
    panels = list(column)
    bar = figure.colorbar(
        image,
        ax=panels,
        location="bottom",
        shrink=0.9,
        aspect=aspect,
        ticks=MaxNLocator(4),
        pad=0.03 / len(panels),
        extend=_extend(image, clipped),
    )
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _extend(image: AxesImage, clipped: bool) -> str:
    if image.norm.vmin:  # only error scales start below zero
        return "both"
    return "max" if clipped else "neither"


def class_legend(figure: Figure, classes: Sequence[str]) -> None:
    """Explain the class colours above the panels."""
    patches = [Patch(facecolor=material_colour(c), edgecolor="0.4", label=c) for c in classes]
    figure.legend(
        handles=patches, loc="outside upper center", ncols=len(classes), frameon=False, fontsize=8
    )
