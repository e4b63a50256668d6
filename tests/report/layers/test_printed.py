"""The printed figures are those of Artemov et al., and every result finds its row."""

import pytest

from sem3d.report.layers.printed import (
    NETWORKS,
    ROWS,
    SOLVERS,
    printed_figures,
    reading_order,
    row_of,
)
from sem3d.report.reading import read_result
from sem3d.report.results import Noise

TWO = Noise("gaussian", 0.02)


@pytest.mark.parametrize(
    ("table", "row", "level", "column", "value"),
    [
        ("1.1", "Numerical", 0.02, "mIOU", 0.617),
        ("1.1", "UNet-to-2d", 0.02, "mAccuracy", 0.995),
        ("1.1", "hybrid_UVNet", 0.02, "mRecall", 0.982),
        ("1.2", "Numerical", 0.02, "gold mIOU", 0.871),
        ("1.2", "3Conv-to-2d", 0.02, "aluminium mIOU", 0.162),
        ("1.2", "stacked_UNet-to-2d", 0.02, "gold mRecall", 0.939),
        ("2.1", "Numerical", 0.0, "mIOU", 0.893),
        ("2.1", "Numerical", 0.005, "mRecall", 0.698),
        ("2.1", "Numerical", 0.02, "mAccuracy", 0.962),
        ("2.1", "3Conv-to-2d", 0.02, "mIOU", 0.336),
        ("2.1", "hybrid_UVNet", 0.02, "mIOU", 0.734),
        ("2.2", "UNet-to-3d", 0.02, "gold precision", 0.199),
        ("2.2", "UNet-to-2d", 0.02, "aluminium recall", 0.752),
        ("2.2", "hybrid_UVNet", 0.02, "gold recall", 0.5),
    ],
)
def test_figures_are_as_printed(table, row, level, column, value):
    assert printed_figures()[table, row, Noise("gaussian", level)][column].value == value


def test_every_cell_of_every_table_is_there():
    counts = {}
    for (table, _, _), figures in printed_figures().items():
        counts[table] = counts.get(table, 0) + len(figures)
    assert counts == {"1.1": 18, "1.2": 24, "2.1": 24, "2.2": 24}
    assert {row for _, row, _ in printed_figures()} == {row.name for row in ROWS}


@pytest.mark.parametrize(
    ("row", "mean", "metals", "empty"),
    [
        ("UNet-to-2d", "mIOU", "mIOU", 1.113),
        ("3Conv-to-2d", "mRecall", "mRecall", 1.077),
        ("Numerical", "mIOU", "mIOU", 0.354),
    ],
)
def test_notes_about_contradictions_are_true(row, mean, metals, empty):
    """Three classes have one mean: what the two metals leave belongs to empty space."""
    by_metal = printed_figures()["1.2", row, TWO]
    cell = printed_figures()["1.1", row, TWO][mean]
    gold, aluminium = (by_metal[f"{metal} {metals}"].value for metal in ("gold", "aluminium"))
    assert 3 * cell.value - gold - aluminium == pytest.approx(empty)
    assert f"{empty:.3f}".removeprefix("0") in cell.note


def test_consistent_rows_have_no_note():
    figures = printed_figures()["1.1", "stacked_UNet-to-2d", TWO]
    assert {figure.note for figure in figures.values()} == {""}


@pytest.mark.parametrize(
    ("model", "task", "row"),
    [
        ("tikhonov_naive", "thickness", "Numerical"),
        ("conv3", "thickness", "3Conv-to-2d"),
        ("unet", "thickness", "UNet-to-2d"),
        ("stacked_unet", "thickness", "stacked_UNet-to-2d"),
        ("unet_volume", "voxels", "UNet-to-3d"),
        ("uvnet", "voxels", "hybrid_UVNet"),
    ],
)
def test_models_find_their_rows(write, model, task, row):
    assert row_of(read_result(write("x", model, task))).name == row


@pytest.mark.parametrize(
    ("model", "task"), [("resunet", "voxels"), ("unet", "voxels"), (None, "voxels")]
)
def test_what_is_not_in_print_gets_a_row_of_its_own(write, model, task):
    row = row_of(read_result(write("x", model, task)))
    assert (row.section, row.name) == (NETWORKS, model or "x")


def test_solvers_and_networks_have_sections_of_their_own(write, edit):
    network, solver = write("x", "resunet", "voxels"), write("y", "lookup")
    edit(solver, "predictor", "kind", "solver")
    found = [read_result(path) for path in (network, solver)]
    assert [row_of(one).section for one in found] == [NETWORKS, SOLVERS]
    assert reading_order(found[0]) < reading_order(found[1])


def test_reading_order_is_print_first(write):
    found = [read_result(write(m, m, t)) for m, t in (("zeta", "voxels"), ("uvnet", "voxels"))]
    found.append(read_result(write("tikhonov_naive", "tikhonov_naive")))
    names = [result.predictor.name for result in sorted(found, key=reading_order)]
    assert names == ["tikhonov_naive", "uvnet", "zeta"]
