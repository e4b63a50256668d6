"""The printed figures are those of Zheng et al., and every result finds its row."""

from statistics import fmean

import pytest

from sem3d.report.reading import read_result
from sem3d.report.voxels.printed import Row, of_geometry, on_test_sets, printed, reading_order

MEANS = {("3", "BSE-VoxNets"): 0.9755, ("3", "3D U-Net"): 0.7625, ("4", "BSE-VoxNets"): 0.9582}


@pytest.mark.parametrize(
    ("table", "row", "column", "value"),
    [
        ("1", "without S2-MLPv2", "MRE", 0.386),
        ("2", "Moderate", "mIoU", 0.953),
        ("2", "Lite", "parameters", 16e6),
        ("3", "MED-SEM", "nanocube at position 1", 0.0595),
        ("3", "3D U-Net", "nanocube at position 4", 0.465),
        ("4", "BSE-VoxNets", "nanowire of radius 10 nm", 0.918),
        ("time", "MED-SEM", "s / volume", 300),
    ],
)
def test_figures_are_as_printed(table, row, column, value):
    found = {(r.name, c): cell.value for (r, c), cell in printed(table).figures.items()}
    assert found[row, column] == value


@pytest.mark.parametrize(("table", "row"), MEANS)
def test_means_over_the_cases(table, row):
    values = [c.value for (r, _), c in printed(table).figures.items() if r.name == row]
    assert fmean(values) == pytest.approx(MEANS[table, row], abs=1e-4)


def test_tables_are_whole():
    shapes = {t: (len(printed(t).rows), len(printed(t).columns)) for t in "1234"}
    assert shapes == {"1": (4, 1), "2": (4, 3), "3": (3, 4), "4": (3, 5)}
    for table in "1234":
        rows, columns = shapes[table]
        assert len(printed(table).figures) == rows * columns


def test_figures_show_the_digits_of_the_print():
    row = printed("3").rows[0]
    assert printed("3").figures[row, "nanocube at position 1"].text == "0.0595"
    assert printed("3").figures[row, "nanocube at position 2"].text == ".165"


def test_cubes_of_125_voxels_explain_the_unet():
    row = printed("3").rows[1]
    values = [printed("3").figures[row, f"nanocube at position {n}"].value for n in (1, 2, 3)]
    assert values == [round(share, 3) for share in (125 / 150, 119 / 125, 100 / 125)]


def test_relative_error_and_overlap_agree_by_reading_b():
    error, copper = printed("1").figures[printed("1").rows[0], "MRE"].value, 0.13
    wrong = error / 2  # as many voxels added as lost, in units of the copper
    iou_copper = (1 - wrong) / (1 + wrong)
    silicon, lost = 1 - copper, copper * wrong
    iou_silicon = (silicon - lost) / (silicon + lost)
    assert round(iou_copper, 3) == 0.918
    best = printed("2").figures[printed("2").rows[-1], "mIoU"].value
    assert (iou_copper + iou_silicon) / 2 == pytest.approx(best, abs=5e-4)


def test_results_find_their_row(write_voxels):
    ours = read_result(write_voxels("run", "unet3d", "nanocube"))
    other = read_result(write_voxels("x", "resunet", "nanocube"))
    print_ = printed("3")
    assert print_.row_of(ours).name == "3D U-Net"
    assert print_.row_of(other) == Row("resunet", "resunet")
    assert [row.name for row in print_.rows_with([other, ours])][2:] == ["BSE-VoxNets", "resunet"]


def test_printed_methods_come_first(write_voxels):
    models = ("resunet", "voxnet_moderate", "med_sem", "unet3d")
    results = [read_result(write_voxels(m, m, "nanocube")) for m in models]
    ordered = [r.predictor.name for r in sorted(results, key=reading_order)]
    assert ordered == ["med_sem", "unet3d", "voxnet_moderate", "resunet"]


def test_results_are_told_apart_by_geometry_and_split(write_voxels, edit):
    cubes, random = write_voxels("a", "unet3d", "nanocube"), write_voxels("a", "unet3d")
    results = [read_result(path) for path in (cubes, random)]
    assert of_geometry(results, ".CoreShellNanocube") == (results[0],)
    assert on_test_sets(results) == (results[1],)
    edit(random, "dataset", "split", "val")
    assert on_test_sets([read_result(random)]) == ()
