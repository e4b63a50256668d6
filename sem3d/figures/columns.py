"""Two forward models of layered specimens side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final, Literal

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from sem3d.figures.colours import CURVES

STYLES: Final[tuple[Literal["-", "--"], ...]] = ("-", "--")
"""Lines of the first and the second model."""
SIGNAL: Final = colormaps["cividis"].resampled(16)
"""Colours of signals, in steps that read as contour lines."""
DIFFERENCE: Final = colormaps["RdBu_r"].resampled(15)
"""Colours around 0."""

Signals = Mapping[str, Float[np.ndarray, "E"]]
"""Signal at every energy by model, the same two in the same order everywhere."""
Maps = Mapping[str, Float[np.ndarray, "Lower Upper"]]
"""Signal relative to bare substrate by model, over whole nm of the lower and upper layer."""


@dataclass(frozen=True)
class Comparison:
    """What is drawn.

    Attributes:
        energies_keV: of the curves.
        columns: signals by column in words; the first is bare substrate.
        maps: by energy in words.
        layers: names of the lower and the upper layer.
    """

    energies_keV: Sequence[float]
    columns: Mapping[str, Signals]
    maps: Mapping[str, Maps]
    layers: tuple[str, str]


def draw_columns(shown: Comparison) -> Figure:
    """Draw signals, as they are and relative to bare substrate, and maps of the latter."""
    figure = Figure(figsize=(10.5, 4.2 + 2.7 * len(shown.maps)), layout="constrained")
    heights = [1.45, *[1.0] * len(shown.maps)]
    parts = figure.subfigures(1 + len(shown.maps), 1, squeeze=False, height_ratios=heights)
    top, *rows = parts[:, 0]
    left, right = top.subplots(1, 2)
    bare = next(iter(shown.columns.values()))
    _curves(left, shown, dict.fromkeys(bare, 1.0))
    _curves(right, shown, bare)
    left.set_ylabel("signal")
    right.set_ylabel("signal / signal of bare substrate")
    _legends(left, right, shown)
    for row, (energy, maps) in zip(rows, shown.maps.items(), strict=True):
        _maps(row, maps, energy, shown.layers)
    return figure


def _curves(area: Axes, shown: Comparison, divisor: Mapping[str, np.ndarray | float]) -> None:
    for signals, colour in zip(shown.columns.values(), cycle(CURVES), strict=False):
        for (model, signal), style in zip(signals.items(), STYLES, strict=True):
            relative = signal / divisor[model]
            area.plot(shown.energies_keV, relative, style, color=colour, linewidth=1.4)
    area.set_xlabel("beam energy [keV]")
    area.grid(color="0.92", linewidth=0.6)


def _legends(left: Axes, right: Axes, shown: Comparison) -> None:
    models = list(next(iter(shown.columns.values())))
    lines = [
        Line2D([], [], color="0.2", linestyle=style, label=model)
        for model, style in zip(models, STYLES, strict=True)
    ]
    left.legend(handles=lines, frameon=False, fontsize=8)
    columns = [
        Line2D([], [], color=colour, label=name)
        for name, colour in zip(shown.columns, cycle(CURVES), strict=False)
    ]
    right.legend(handles=columns, frameon=False, fontsize=8)


def _maps(figure: SubFigure, maps: Maps, energy: str, layers: tuple[str, str]) -> None:
    """Draw the maps of both models on one scale, then the first less the second."""
    (one, first), (other, second) = maps.items()
    most = max(first.max(), second.max())
    least = min(first.min(), second.min())
    difference = first - second
    largest = np.abs(difference).max()
    pictures = (
        (f"{one}, {energy}", first, SIGNAL, least, most),
        (f"{other}, {energy}", second, SIGNAL, least, most),
        ("difference", difference, DIFFERENCE, -largest, largest),
    )
    for area, (title, values, colours, low, high) in zip(
        figure.subplots(1, 3), pictures, strict=True
    ):
        image = area.imshow(
            values, origin="lower", aspect="auto", cmap=colours, vmin=low, vmax=high
        )
        figure.colorbar(image, ax=area)
        area.set_title(title, fontsize=9, loc="left")
        area.set(xlabel=f"{layers[1]} [nm]", ylabel=f"{layers[0]} [nm]")
