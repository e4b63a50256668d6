"""Numbers land in the right cells, and only equal noise shares a line."""

import csv

import pytest

from sem3d.report.cells import Cell, csv_text
from sem3d.report.inventory import all_results
from sem3d.report.layers.layouts import LAYOUTS
from sem3d.report.layers.tables import build_table
from sem3d.report.reading import read_result

BY_NUMBER = {layout.number: layout for layout in LAYOUTS}


def lines_of(number, *paths):
    """Return the csv lines of one table as dictionaries."""
    table = build_table(BY_NUMBER[number], [read_result(path) for path in paths])
    return list(csv.DictReader(csv_text(table).splitlines()))


def find(lines, method, noise="2 %"):
    return [line for line in lines if (line["method"], line["noise"]) == (method, noise)]


def test_without_results_only_print_and_not_run():
    lines = lines_of("1.1")
    assert [line["method"] for line in lines][0::5] == ["Numerical", "hybrid_UVNet"]
    assert {line["predictor"] for line in lines} == {"not run"}
    assert lines[0]["mIOU: printed"] == "0.617"
    assert {line["mIOU: ours"] for line in lines} == {""}


def test_means_land_beside_the_print(write):
    (line,) = find(lines_of("1.1", write("mine", "unet", miou=0.96)), "UNet-to-2d")
    assert line["predictor"] == "mine"
    assert line["dataset"] == "layers/test 01234567"
    assert line["samples"] == "1000"
    assert (line["mIOU: printed"], line["mIOU: ours"]) == ("0.953", "0.96")
    assert (line["mRecall: printed"], float(line["mRecall: ours"])) == ("0.957", 0.957)
    assert float(line["mAccuracy: ours"]) == 0.956
    assert float(line["ours also: mIoU pooled"]) == 0.959
    assert line["ours also: MAE Au [nm]"] == "0.25"
    assert line["ours also: MAE Al [nm]"] == "1.75"
    assert "1.113" in line["notes"]


def test_metals_land_in_their_columns(write):
    path = write("mine", "uvnet", "voxels", miou=0.9)
    (line,) = find(lines_of("1.2", path), "hybrid_UVNet")
    scores = read_result(path).scores
    assert float(line["gold mIOU: ours"]) == scores["iou_report/Au"]
    assert float(line["aluminium mIOU: ours"]) == scores["iou_report/Al"]
    assert float(line["gold mRecall: ours"]) == scores["recall_report/Au"]
    assert float(line["aluminium mRecall: ours"]) == scores["recall_report/Al"]
    assert float(line["ours also: IoU Al pooled"]) == scores["iou_pooled/Al"]
    assert line["aluminium mRecall: printed"] == "0.995"
    assert line["ours also: MAE Au [nm]"] == ""


def test_experimental_scores_appear_in_both_orientations(write):
    path = write("mine", "uvnet", "voxels", "experimental", miou=0.8)
    (line,) = find(lines_of("2.1", path), "hybrid_UVNet")
    assert [line[f"mIOU: {source}"] for source in ("printed", "ours", "transposed")] == [
        "0.734",
        "0.8",
        "0.4",
    ]
    (line,) = find(lines_of("2.2", path), "hybrid_UVNet")
    transposed = read_result(path).scores_transposed
    assert float(line["gold precision: transposed"]) == transposed["iou_report/Au"]
    assert line["gold precision: printed"] == "0.33"


def test_tables_keep_test_and_experimental_apart(write):
    path = write("mine", "unet", dataset="experimental")
    assert find(lines_of("1.1", path), "UNet-to-2d")[0]["predictor"] == "not run"


def test_noise_levels_never_share_a_line(write):
    paths = [
        write("t", "tikhonov_naive", "thickness", "experimental", level, level + 0.5)
        for level in (0.02, 0.0, 0.05)
    ]
    lines = [line for line in lines_of("2.3", *paths) if line["method"] == "Numerical"]
    found = [(n["noise"], n["mIOU: printed"], n["mIOU: ours"], n["predictor"]) for n in lines]
    assert found == [
        ("none", "0.893", "0.5", "t"),
        ("0.5 %", "0.632", "", "not run"),
        ("2 %", "0.572", "0.52", "t"),
        ("5 %", "", "0.55", "t"),
    ]


def test_noise_that_was_not_printed_is_left_to_the_noise_study(write):
    levels = (0.0, 0.02, 0.05)
    paths = [write("a", "unet", level=level, miou=level + 0.5) for level in levels]
    (line,) = [line for line in lines_of("1.1", *paths) if line["method"] == "UNet-to-2d"]
    assert (line["noise"], line["mIOU: ours"]) == ("2 %", "0.52")
    poisson = write("b", "potts", noise={"kind": "poisson", "electrons": 400})
    (line,) = [line for line in lines_of("1.1", poisson) if line["method"] == "potts"]
    assert line["noise"] == "400 electrons"


def test_second_run_of_a_model_does_not_repeat_the_print(write):
    paths = write("unet", "unet", miou=0.9), write("unet01", "unet", miou=0.95)
    first, second = find(lines_of("1.1", *paths), "UNet-to-2d")
    assert (first["predictor"], first["mIOU: printed"]) == ("unet", "0.953")
    assert (second["predictor"], second["mIOU: printed"]) == ("unet01", "")


def test_models_of_ours_follow_the_print(write):
    lines = lines_of("1.1", write("big", "resunet", "voxels"), write("potts", "potts"))
    assert [line["method"] for line in lines[-2:]] == ["potts", "resunet"]
    assert {line["section"] for line in lines[-2:]} == {"networks not in Artemov et al."}


def test_table_2_3_repeats_the_numerical_rows():
    lines = lines_of("2.3")
    assert [line["mIOU: printed"] for line in lines] == ["0.893", "0.632", "0.572"]


def test_all_results_lists_everything_once(write, edit):
    paths = [write("a", "unet"), write("b", "uvnet", "voxels", "experimental", 0.05)]
    edit(paths[0], "dataset", "split", "val")
    table = all_results([read_result(path) for path in paths])
    lines = list(csv.DictReader(csv_text(table).splitlines()))
    assert [line["predictor"] for line in lines] == ["a", "b"]
    assert lines[0]["dataset"].startswith("layers/val")
    assert lines[1]["parameters"] == "1234"
    assert lines[1]["commit"] == "abc1234"
    assert lines[1]["trained on"] == "layers fedcba98"
    assert float(lines[0]["mIoU present"]) == 0.898


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell(0.617), ".617"),
        (Cell(1.0), "1.000"),
        (Cell(0.25, 2), "0.25"),
        (Cell(1000), "1000"),
        (Cell("not run"), "not run"),
        (Cell(), ""),
    ],
)
def test_cells_read_as_printed(cell, text):
    assert cell.text == text


def test_voxel_results_stand_without_means_that_count_empty_space(write, write_voxels):
    results = [read_result(p) for p in (write("a", "unet"), write_voxels("b", "unet3d"))]
    layers, voxels = csv_text(all_results(results)).splitlines()[1:]
    assert "200 electrons" in voxels
    assert ",,,,,1234" in voxels
    assert ",,,,,1234" not in layers
