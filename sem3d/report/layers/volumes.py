"""The pictures of volumes: Tables 3.2 and 4 in three dimensions, and vertical cuts."""

from collections.abc import Sequence

import numpy as np

from sem3d.figures.slices import draw_slices
from sem3d.figures.surfaces import draw_surfaces
from sem3d.report.layers.examples import thickness_of
from sem3d.report.layers.printed import ROWS, row_of
from sem3d.report.layers.rows import Rows, described, rows_of
from sem3d.report.layers.specimens import Comparison, View
from sem3d.report.pictures import Picture

_ALONE = "{layer} alone: {specimen}"


def table_3_2(comparisons: Sequence[Comparison]) -> Picture:
    """Show the layer stacks of the thickness predictors in three dimensions."""
    stem, title = "table_3_2", "Table 3.2. Structures from predicted thickness"
    names = _names(comparisons, "thickness")
    if not names:
        return Picture(stem, title, "Not drawn: no predictor of thickness was evaluated yet.")
    rows = rows_of(comparisons, names, lambda view: view.thickness_nm, specimens=1)
    caption = "Heights as predicted, above the substrate; less than half a nanometre is left out."
    return _surfaces(stem, title, caption, comparisons, rows)


def table_4(comparisons: Sequence[Comparison]) -> Picture:
    """Show the volumes of the voxel predictors in three dimensions, the gold alone too."""
    stem, title = "table_4", "Table 4. Structures from predicted voxels"
    voxels = _names(comparisons, "voxels")
    if not voxels:
        return Picture(stem, title, "Not drawn: no predictor of voxels was evaluated yet.")
    numerical = {n for c in comparisons for n, r in c.results.items() if row_of(r) == ROWS[0]}
    layers, height = len(comparisons[0].dataset.classes) - 1, comparisons[0].dataset.height_nm

    def stacked(view: View) -> np.ndarray:
        return thickness_of(view.labels, layers, height)

    rows = rows_of(comparisons, voxels | numerical, stacked, specimens=1)
    caption = (
        "Heights are voxel counts, for the truth too: gold thinner than one voxel "
        f"({height:g} nm) owns none and is absent."
    )
    return _surfaces(stem, title, caption, comparisons, rows)


def cuts(comparisons: Sequence[Comparison]) -> Picture:
    """Show one vertical cut through the labels of every predictor."""
    stem, title = "cuts", "Vertical cuts"
    if not comparisons:
        return Picture(stem, title, "Not drawn: no result on gold and aluminium layers yet.")
    names = {name for comparison in comparisons for name in comparison.results}
    rows = rows_of(comparisons, names, lambda view: view.labels, specimens=1)
    data = comparisons[0].dataset
    figure = draw_slices(rows, data.classes, data.height_nm)
    caption = (
        "Colours: predicted classes; black lines: the true boundaries. Depth counts from the top "
        f"of the volume, the substrate lies below. Data: {described(comparisons)}."
    )
    return Picture(stem, title, caption, figure)


def _names(comparisons: Sequence[Comparison], task: str) -> set[str]:
    return {
        name
        for comparison in comparisons
        for name, result in comparison.results.items()
        if result.predictor.task == task
    }


def _surfaces(
    stem: str,
    title: str,
    caption: str,
    comparisons: Sequence[Comparison],
    rows: Rows[np.ndarray],
) -> Picture:
    """Draw every specimen whole and, beside it, its lowest layer alone."""
    data = comparisons[0].dataset
    lowest = data.classes[1]
    tops: dict[str, float] = {}
    for specimen in list(rows["truth"]):
        tops[specimen] = float(sum(data.limits_nm))
        alone = _ALONE.format(layer=lowest, specimen=specimen)
        tops[alone] = float(data.limits_nm[0])
        for stacks in rows.values():
            if specimen in stacks:
                stacks[alone] = stacks[specimen][:1]
    order = {name: {c: stacks[c] for c in tops if c in stacks} for name, stacks in rows.items()}
    figure = draw_surfaces(order, data.classes[1:], tops)
    return Picture(stem, title, f"{caption} Data: {described(comparisons)}.", figure)
