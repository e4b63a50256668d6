"""Tables 3 and 4: which number stands in which column."""

import json
from statistics import fmean, stdev

import pytest

from sem3d.report.reading import read_result
from sem3d.report.voxels.case_tables import case_table, draws, structure, thresholds


def column(table, line, group, name):
    return line.cells[table.columns.index((group, name))].value


def line_of(table, predictor, threshold="own"):
    where = table.columns.index(("", "predictor")), table.columns.index(("", "threshold"))
    return next(
        line
        for line in table.lines
        if [line.cells[n].value for n in where] == [predictor, threshold]
    )


def test_without_results_the_print_stands_alone():
    table = case_table("3", [])
    assert [line.cells[0].text for line in table.lines] == ["MED-SEM", "3D U-Net", "BSE-VoxNets"]
    assert {line.cells[1].text for line in table.lines} == {"not run"}
    assert column(table, table.lines[2], "position 1", "printed") == 0.902
    assert column(table, table.lines[2], "mean", "printed") == pytest.approx(0.9755)
    assert column(table, table.lines[2], "mean", "ours") is None


def test_means_and_spreads_are_those_of_the_draws(write_voxels):
    path = write_voxels("net", "voxnet_moderate", "nanocube", samples=12)
    iou = json.loads(path.read_text())["samples"]["iou"]
    table = case_table("3", [read_result(path)])
    line = line_of(table, "net")
    by_case = [iou[n::4] for n in range(4)]
    for n, values in enumerate(by_case):
        assert column(table, line, f"position {n + 1}", "ours") == fmean(values)
        assert column(table, line, f"position {n + 1}", "spread") == stdev(values)
    assert column(table, line, "mean", "ours") == pytest.approx(fmean(map(fmean, by_case)))
    assert column(table, line, "", "draws") == 3
    assert column(table, line, "position 1", "printed") == 0.902


def test_one_draw_has_no_spread(write_voxels):
    table = case_table("3", [read_result(write_voxels("a", "unet3d", "nanocube", samples=4))])
    line = line_of(table, "a")
    assert column(table, line, "position 4", "ours") > 0
    assert column(table, line, "position 4", "spread") is None


def test_a_case_without_samples_leaves_the_mean_open(write_voxels):
    table = case_table("3", [read_result(write_voxels("a", "unet3d", "nanocube", samples=3))])
    line = line_of(table, "a")
    assert column(table, line, "position 4", "ours") is None
    assert column(table, line, "mean", "ours") is None


def test_solvers_stand_with_the_best_threshold_beside_the_print(write_voxels):
    path = write_voxels("med_sem", "med_sem", "nanocube", solver=True)
    table = case_table("3", [read_result(path)])
    oracle, own = line_of(table, "med_sem", "best per sample"), line_of(table, "med_sem")
    assert column(table, oracle, "position 1", "printed") == 0.0595
    assert column(table, own, "position 1", "printed") is None
    both = [column(table, line, "mean", "ours") for line in (oracle, own)]
    assert both[0] > both[1]  # false copper at 0.65 goes at a higher threshold


def test_networks_stand_once(write_voxels):
    result = read_result(write_voxels("a", "unet3d", "nanocube"))
    assert thresholds(result) == ("own",)


def test_the_options_of_the_wires_stand_with_the_data(write_voxels):
    result = read_result(write_voxels("a", "unet3d", "nanowire"))
    assert structure(result) == "axis y, corners Si"
    table = case_table("4", [result])
    dataset = column(table, line_of(table, "a"), "", "dataset")
    assert dataset == "nanowire/test 01234567, axis y, corners Si"


def test_all_copper_is_the_share_of_copper(write_voxels):
    table = case_table("4", [read_result(write_voxels("a", "unet3d", "nanowire"))])
    reference = table.lines[-1]
    assert reference.cells[0].value == "all copper"
    shares = [column(table, reference, f"radius {r} nm", "ours") for r in (2, 4, 6, 8, 10)]
    assert shares == pytest.approx([0.03, 0.13, 0.28, 0.52, 0.79])


def test_every_dose_has_its_line_and_the_print_stands_once(write_voxels):
    results = [read_result(write_voxels("a", "unet3d", "nanocube", dose=d)) for d in (100, 1000)]
    table = case_table("3", results)
    mine = [line for line in table.lines if line.cells[1].value == "a"]
    assert [column(table, line, "", "dose") for line in mine] == ["100 electrons", "1000 electrons"]
    assert [column(table, line, "position 1", "printed") for line in mine] == [0.833, None]


def test_other_data_are_left_out(write_voxels):
    table = case_table("3", [read_result(write_voxels("a", "unet3d", "nanowire"))])
    assert {line.cells[1].text for line in table.lines} == {"not run"}


def test_results_without_cases_have_no_draws(write_voxels, edit):
    path = write_voxels("a", "unet3d", "nanocube")
    edit(path, "dataset", "cases", [])
    assert draws(read_result(path), "iou", "nanocube at position 1") == []
