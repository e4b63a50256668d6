"""Tables 1 and 2, time and all scores: pairs of print and ours."""

import pytest

from sem3d.report.cells import csv_text
from sem3d.report.reading import read_result
from sem3d.report.voxels.score_tables import ablation_table, score_table, size_table, time_table


def value(table, row, group, name):
    line = next(line for line in table.lines if line.cells[0].value == row)
    return line.cells[table.columns.index((group, name))].value


@pytest.fixture
def results(write_voxels):
    models = ("voxnet_moderate", "voxnet_no_sope", "voxnet_lite", "unet3d")
    paths = [write_voxels(f"run_{m}", m, lost=n / 10) for n, m in enumerate(models, 1)]
    return [read_result(path) for path in paths]


def test_ablations(results):
    table = ablation_table(results)
    assert [line.cells[0].value for line in table.lines][1:3] == [
        "without SOPE",
        "without S2-MLPv2",
    ]
    assert value(table, "without SOPE", "MRE", "printed") == 0.093
    assert value(table, "without SOPE", "MRE", "ours") == results[1].scores["mre/Cu"]
    graded = results[1].scores["mre_probability/Cu"]
    assert value(table, "without SOPE", "MRE", "ours, of probabilities") == graded
    assert value(table, "FFN for ConvFFN", "", "predictor") == "not run"
    assert "unet3d" not in csv_text(table)


def test_sizes_have_three_readings_of_the_overlap(results):
    table, scores = size_table(results), results[2].scores
    readings = [value(table, "Lite", "mIoU", f"ours ({r})") for r in "abc"]
    names = ("iou_present/Cu", "miou_materials", "iou_pooled/Cu")
    assert readings == [scores[name] for name in names]
    assert len({*readings}) == 3
    assert value(table, "Lite", "parameters", "printed") == 16_000_000
    assert value(table, "Lite", "parameters", "ours") == 1234
    assert value(table, "Lite", "MACs", "ours") == 5_000_000_000
    assert value(table, "Small", "mIoU", "ours (a)") is None


def test_only_test_sets_of_inclusions_count(write_voxels, edit):
    cubes = write_voxels("a", "voxnet_lite", "nanocube")
    val = write_voxels("b", "voxnet_lite")
    edit(val, "dataset", "split", "val")
    table = size_table([read_result(path) for path in (cubes, val)])
    assert value(table, "Lite", "", "predictor") == "not run"


def test_time_is_that_of_the_largest_evaluation(write_voxels, edit):
    small = write_voxels("net", "voxnet_moderate", "nanocube")
    large = write_voxels("net", "voxnet_moderate", "nanowire")
    edit(large, "timing", "seconds_per_sample", 0.5)
    table = time_table([read_result(path) for path in (large, small)])
    assert value(table, "BSE-VoxNets", "s / volume", "printed") == 1
    assert value(table, "BSE-VoxNets", "s / volume", "ours") == 0.5
    assert value(table, "MED-SEM", "s / volume", "printed") == 300
    assert value(table, "3D U-Net", "s / volume", "printed") is None
    assert len(table.lines) == 3


def test_every_result_stands_in_the_table_of_scores(results, write_voxels):
    results.append(read_result(write_voxels("cubes", "resunet", "nanocube", dose=50)))
    table = score_table(results)
    assert len(table.lines) == len(results)
    assert value(table, "cubes", "", "dose") == "50 electrons"
    assert value(table, "cubes", "", "all copper") == pytest.approx(0.015625)
    assert (
        value(table, "cubes", "", "surface distance [nm]")
        == results[-1].scores["surface_distance_nm/Cu"]
    )
