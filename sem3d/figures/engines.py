"""Engines beside each other: curves with error bars above, images of the same specimens below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sem3d.figures.colours import CURVES

COLOURS: Final = (CURVES[6], CURVES[0], CURVES[2], CURVES[1])
MARKERS: Final = ("none", "s", "^", "o")


@dataclass(frozen=True)
class Panel:
    """Curves over one quantity.

    Attributes:
        title: heading.
        over: label of the axis below.
        value: label of the axis on the left.
        curves: points (place, value, standard error) by engine; NaN is left out.
        zero: whether a line is drawn at 0.
    """

    title: str
    over: str
    value: str
    curves: Mapping[str, Float[np.ndarray, "_ 3"]]
    zero: bool = True


@dataclass(frozen=True)
class Pictures:
    """Images (Y, X) of a specimen by engine, and where its copper lies."""

    images: Mapping[str, Float[np.ndarray, "Y X"]]
    copper: Bool[np.ndarray, "Y X"]


def draw_engines(
    panels: Sequence[Panel], rows: Mapping[str, Pictures], counting: Sequence[str], value: str
) -> Figure:
    """Draw curves and images.

    Args:
        panels: side by side, all with the same engines.
        rows: images by specimen, a row each, all with the same engines.
        counting: engines whose images set the grey scale of their row; the others may exceed it.
        value: what the images show.
    """
    figure = Figure(figsize=(10, 3.6 + 2.1 * len(rows)), layout="constrained")
    heights = [3.4, 2.1 * len(rows)]
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    areas = above.subplots(1, len(panels), squeeze=False)[0]
    for area, panel in zip(areas, panels, strict=True):
        _draw_panel(area, panel)
    above.legend(*areas[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    engines = list(next(iter(rows.values())).images)
    grid = below.subplots(len(rows), len(engines), squeeze=False)
    for line, (name, row) in zip(grid, rows.items(), strict=True):
        shown = np.stack([row.images[engine] for engine in counting])
        least, most = np.percentile(shown, [0.5, 99.5])
        for area, (_, image) in zip(line, row.images.items(), strict=True):
            drawn = area.imshow(image, cmap="gray", vmin=least, vmax=most)
            area.contour(row.copper, [0.5], colors=CURVES[5], linewidths=0.8)
            area.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=9)
        bar = below.colorbar(drawn, ax=list(line), pad=0.01, aspect=12, extend="both")
        bar.set_label(value, fontsize=8)
        bar.ax.tick_params(labelsize=7)
    for area, engine in zip(grid[0], engines, strict=True):
        area.set_title(engine, fontsize=9)
    return figure


def _draw_panel(area: Axes, panel: Panel) -> None:
    styles = zip(panel.curves.items(), COLOURS, MARKERS, strict=False)
    for (engine, curve), colour, marker in styles:
        place, value, error = curve[np.isfinite(curve[:, 1])].T
        area.errorbar(
            place, value, error, color=colour, label=engine, marker=marker, markersize=3,
            linewidth=1.3, elinewidth=0.8, linestyle="--" if marker == "none" else "-",
        )  # fmt: skip
    if panel.zero:
        area.axhline(0, color="0.6", linewidth=0.6)
    area.set_title(panel.title, fontsize=9, loc="left")
    area.set_xlabel(panel.over, fontsize=8)
    area.set_ylabel(panel.value, fontsize=8)
    area.tick_params(labelsize=7)
    area.grid(color="0.92", linewidth=0.6)
