"""The Monte Carlo engine beside measurements, a formula and another simulator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sem3d.figures.colours import CURVES

PRESETS: Final = {"none": CURVES[0], "moller": CURVES[1], "dielectric": CURVES[2]}
"""Colour of each model of hard collisions."""
OTHER: Final = "0.15"
"""Colour of what ours is held against."""

Curve = Float[np.ndarray, "_ 2"]
"""Points (energy [keV], value)."""
Bars = Float[np.ndarray, "_ 3"]
"""Points (energy [keV], value, standard error)."""


@dataclass(frozen=True)
class BulkPanel:
    """What is drawn of an element: single measurements, medians, the formula, our curves."""

    measured: Curve
    medians: Curve
    formula: Curve
    curves: Mapping[str, Curve]


@dataclass(frozen=True)
class SpecimenRow:
    """What is drawn of a specimen: images (Y, X) by simulator, copper below, contrast."""

    images: Mapping[str, Float[np.ndarray, "Y X"]]
    copper: Bool[np.ndarray, "Y X"]
    reference: Bars
    curves: Mapping[str, Bars]


def draw_bulk(panels: Mapping[str, BulkPanel]) -> Figure:
    """Draw the backscatter coefficient over the energy, a panel per element."""
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(10, 0.6 + 3.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for area, (element, panel) in zip(axes, panels.items(), strict=False):
        area.plot(*panel.measured.T, ".", color="0.7", markersize=5, label="measured")
        area.plot(*panel.medians.T, "_", color=OTHER, markersize=11, label="median of sets")
        area.plot(*panel.formula.T, "--", color=OTHER, linewidth=1, label="Hunger-Küchler")
        for preset, curve in panel.curves.items():
            area.plot(*curve.T, color=PRESETS[preset], linewidth=1.6, label=preset)
        area.set_title(element, fontsize=10, loc="left")
        area.set(xlabel="beam energy [keV]", ylabel="backscatter coefficient", xscale="log")
        _plain_decade(area)
        area.grid(color="0.92", linewidth=0.6)
    for area in axes[len(panels) :]:
        area.remove()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    return figure


def draw_film(
    reference: Bars, curves: Mapping[str, Bars], accepted: Mapping[float, float]
) -> Figure:
    """Draw yields of a film, and their ratio to the reference.

    Args:
        reference: yields by the other simulator.
        curves: yields by preset, at the same energies.
        accepted: largest relative difference by energy [keV], drawn into the ratio.
    """
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _bars(left, reference)
    for preset, curve in curves.items():
        colour = PRESETS[preset]
        left.plot(*curve[:, :2].T, color=colour, linewidth=1.4, label=preset)
        ratio = curve[:, 1] / reference[:, 1]
        relative = np.hypot(curve[:, 2] / curve[:, 1], reference[:, 2] / reference[:, 1])
        right.errorbar(reference[:, 0], ratio, ratio * relative, color=colour, label=preset)
    for energy, share in accepted.items():
        right.plot([energy] * 2, [1 - share, 1 + share], color="0.8", linewidth=7, zorder=0)
    right.axhline(1, color=OTHER, linewidth=0.8)
    left.set(yscale="log", xlabel="beam energy [keV]", ylabel="electrons per beam electron")
    right.set(xlabel="beam energy [keV]", ylabel="yield / yield by Nebula")
    right.set_title("grey: accepted for dielectric", fontsize=9, loc="left")
    left.yaxis.set_major_formatter("{x:g}")
    left.legend(frameon=False)
    for area in (left, right):
        area.grid(color="0.92", linewidth=0.6)
    return figure


def draw_specimens(rows: Mapping[str, SpecimenRow], titles: Mapping[str, str]) -> Figure:
    """Draw images and contrast of specimens, a row each.

    Args:
        rows: by name of the specimen; one without images has the contrast only.
        titles: heading of the images by simulator, in the order of columns.
    """
    columns = len(titles)
    figure = Figure(figsize=(1.9 * columns + 3.6, 1.85 * len(rows) + 0.4), layout="constrained")
    areas = figure.subplots(len(rows), columns + 1, squeeze=False, width_ratios=[1] * columns + [2])
    for line, (name, row) in zip(areas, rows.items(), strict=True):
        _draw_images(list(line[:-1]), row, list(titles), name)
        _draw_contrast(line[-1], row)
        line[-1].set_title(name, fontsize=9, loc="left")
    for area, title in zip(areas[0], titles.values(), strict=False):
        area.set_title(title, fontsize=9)
    areas[-1, -1].set_xlabel("beam energy [keV]")
    areas[0, -1].legend(frameon=False, fontsize=7, loc="upper left")
    return figure


def _draw_images(areas: Sequence[Axes], row: SpecimenRow, order: Sequence[str], name: str) -> None:
    """Draw images on one scale, with a line around the columns that hold copper."""
    if not row.images:
        for area in areas:
            area.remove()
        return
    least, most = np.percentile(np.stack(list(row.images.values())), [0.5, 99.5])
    for area, simulator in zip(areas, order, strict=True):
        area.imshow(row.images[simulator], cmap="gray", vmin=least, vmax=most)
        if row.copper.any() and not row.copper.all():
            area.contour(row.copper, [0.5], colors=CURVES[5], linewidths=0.8)
        area.set(xticks=[], yticks=[])
    areas[0].set_ylabel(name, fontsize=9)


def _draw_contrast(area: Axes, row: SpecimenRow) -> None:
    _bars(area, row.reference)
    for preset, curve in row.curves.items():
        area.plot(*curve[:, :2].T, color=PRESETS[preset], linewidth=1.2, label=preset)
    area.axhline(0, color="0.6", linewidth=0.6)
    area.set_ylabel("contrast", fontsize=8)
    area.tick_params(labelsize=7)
    area.grid(color="0.92", linewidth=0.6)


def _bars(area: Axes, points: Bars) -> None:
    energy, value, error = points.T
    area.errorbar(
        energy, value, error, color=OTHER, label="Nebula", linestyle="none", marker="o",
        markersize=3.5, capsize=2, elinewidth=0.8,
    )  # fmt: skip


def _plain_decade(area: Axes) -> None:
    """Number a logarithmic energy axis from 0.5 to 30 keV in plain digits."""
    ticks = [0.5, 1, 2, 5, 10, 20, 30]
    area.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    area.xaxis.set_minor_formatter(NullFormatter())
