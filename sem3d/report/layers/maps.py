"""The thickness pictures: overview, Figure 5, Tables 2.3 and 3.1."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from sem3d.figures.maps import draw_thickness_errors, draw_thickness_maps
from sem3d.figures.overview import draw_overview
from sem3d.report.layers.printed import ROWS, row_of
from sem3d.report.layers.rows import described, of_structures, rows_of
from sem3d.report.layers.specimens import Comparison, load_views
from sem3d.report.pictures import Picture
from sem3d.report.results import Result

_STEPS: Final = (
    "This predictor labels voxels: its thickness counts them, in steps of the voxel height, and "
    "gold thinner than a voxel is absent. "
)


def overview(comparisons: Sequence[Comparison]) -> Picture:
    """Show the best predictor of the first comparison on its first specimen."""
    title = "From scans to layers"
    if not comparisons:
        return Picture("overview", title, "Not drawn: no result on gold and aluminium layers yet.")
    first = comparisons[0]
    specimen = first.specimens[0]
    best = first.best_of(specimen.predictions)
    figure = draw_overview(
        specimen.scan,
        specimen.energies_keV,
        specimen.truth.thickness_nm,
        specimen.predictions[best].thickness_nm,
        *_layers(first),
    )
    caption = (
        "Top: what the microscope records, one image per beam energy; slow electrons see only "
        "the upper layer, fast ones reach the layers below. Below, per material: the true "
        f"thickness, what {best} made of the scans, their difference (green: too thick, "
        "purple: too thin) and one line through both maps. "
        f"{_STEPS if first.results[best].predictor.task == 'voxels' else ''}"
        f"Specimen: {specimen.label} ({described([first])})."
    )
    return Picture("overview", title, caption, figure)


def figure_5(comparisons: Sequence[Comparison]) -> Picture:
    """Show predicted beside true thickness with errors, for the U-Nets if there are any."""
    stem, title = "figure_5", "Figure 5. Predicted and true thickness"
    for comparison in comparisons:
        names = _figure_5_names(comparison)
        specimen = comparison.specimens[0]
        maps = {n: v.thickness_nm for n, v in specimen.predictions.items() if n in names}
        if maps:
            truth = specimen.truth.thickness_nm
            figure = draw_thickness_errors(truth, maps, *_layers(comparison))
            caption = f"Specimen {specimen.label} ({described([comparison])}). Error limits are "
            caption += "common to all predictors and leave out the largest 1 %."
            return Picture(stem, title, caption, figure)
    return Picture(stem, title, "Not drawn: no predictor of thickness was evaluated yet.")


def table_3_1(comparisons: Sequence[Comparison]) -> Picture:
    """Show the thickness maps of every predictor below the truth."""
    stem, title = "table_3_1", "Table 3.1. Predicted layer thickness"
    if not comparisons:
        return Picture(stem, title, "Not drawn: no result on gold and aluminium layers yet.")
    names = {name for comparison in comparisons for name in comparison.results}
    rows = rows_of(comparisons, names, lambda view: view.thickness_nm, specimens=2)
    figure = draw_thickness_maps(rows, *_layers(comparisons[0]))
    caption = (
        "Maps of voxel predictors count voxels, in steps of the voxel height; thinner gold is "
        f"absent. Data: {described(comparisons)}."
    )
    return Picture(stem, title, caption, figure)


def table_2_3(comparisons: Sequence[Comparison], results: Iterable[Result]) -> Picture:
    """Show the numerical solution of the experimental structure at every noise evaluated."""
    stem, title = "table_2_3_maps", "Table 2.3. Numerical solution at different noise"
    comparison = of_structures(comparisons, "experimental")
    shown = _numerical(comparison, results) if comparison else {}
    if comparison is None or not shown:
        missing = f"Not drawn: {ROWS[0].model} was not run on the experimental structure."
        return Picture(stem, title, missing)
    rows = {"truth": comparison.specimens[0].truth.thickness_nm, **shown}
    figure = draw_thickness_maps(
        {name: {"experimental": maps} for name, maps in rows.items()}, *_layers(comparison)
    )
    caption = (
        f"Predicted maps below the truth, noise growing downward ({comparison.dataset.label})."
    )
    return Picture(stem, title, caption, figure)


def _numerical(comparison: Comparison, results: Iterable[Result]) -> dict[str, np.ndarray]:
    """Return the numerical solution's maps of the comparison's first specimen, by noise."""
    index, maps = comparison.specimens[0].index, {}
    label = comparison.dataset.label
    printed_kind = [r for r in results if (r.dataset.label, r.noise.kind) == (label, "gaussian")]
    for result in sorted(printed_kind, key=lambda result: result.noise):
        if row_of(result) == ROWS[0] and index in (views := load_views(result)):
            maps[f"noise {result.noise.label}"] = views[index].thickness_nm
    return maps


def _figure_5_names(comparison: Comparison) -> set[str]:
    maps = {n: r for n, r in comparison.results.items() if r.predictor.task == "thickness"}
    nets = {n for n, r in maps.items() if r.predictor.model == "unet"}
    return nets or set(maps)


def _layers(comparison: Comparison) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the layer names and their limits [nm], the scale of every map."""
    return comparison.dataset.classes[1:], tuple(map(float, comparison.dataset.limits_nm))
