"""Curves: a resumed run repeats steps, the last row counts."""

import numpy as np
import pytest

from sem3d.report.training import layered_runs, load_runs, read_curves, voxel_runs


@pytest.fixture
def log(tmp_path):
    def write_log(*rows, name="run", header="step,epoch,name,value"):
        path = tmp_path / name / "metrics.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write_log


def test_last_row_of_a_step_counts(log):
    path = log("10,0,val/loss,5", "20,1,val/loss,4", "10,0,train/loss,9", "20,1,val/loss,3")
    curves = read_curves(path)
    np.testing.assert_array_equal(curves["val/loss"], [[0, 5], [1, 3]])
    np.testing.assert_array_equal(curves["train/loss"], [[0, 9]])


def test_points_come_in_order_of_training(log):
    curves = read_curves(log("100,2,a,1", "9,0,a,3", "50,1,a,2"))
    np.testing.assert_array_equal(curves["a"], [[0, 3], [1, 2], [2, 1]])


def test_values_that_are_not_finite_are_left_out(log):
    assert read_curves(log("1,0,a,nan", "2,1,a,inf", "3,2,a,1"))["a"].tolist() == [[2, 1]]


def test_runs_are_named_by_folder(log, tmp_path):
    log("1,0,a,1", name="one")
    log("1,0,a,1", name="sweep/two")
    assert sorted(load_runs(tmp_path)) == ["one", "sweep/two"]
    assert list(load_runs(tmp_path / "one")) == ["one"]
    assert load_runs(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("row", ["1,0,a", "x,0,a,1", "1,0,a,high", '1,0,"a,1'])
def test_damaged_lines_are_left_out_with_a_warning(log, tmp_path, row):
    path = log("1,0,a,1", row, "2,1,a,2")
    log("1,0,a,1", name="whole")
    with pytest.warns(UserWarning, match=rf"^{path} has damaged lines: 1; [\w ]+$"):
        runs = load_runs(tmp_path)
    assert runs["run"]["a"].tolist() == [[0, 1], [1, 2]]
    assert list(runs) == ["run", "whole"]


@pytest.mark.parametrize("cut", ["2", "2,1,a,0.", "2,1,a,2\r"])
def test_a_run_in_the_middle_of_a_line_is_drawn_without_it(log, cut):
    path = log("1,0,a,1")
    with path.open("a", newline="") as f:
        f.write(cut)
    assert read_curves(path)["a"].tolist() == [[0, 1]]


def test_other_tables_have_no_curves(log):
    with pytest.warns(UserWarning, match=r"metrics\.csv has damaged lines: 2"):
        assert read_curves(log("1,2", header="epoch,loss")) == {}


def test_runs_on_voxels_have_another_headline(log, tmp_path):
    shared = ["1,0,val/miou_report,0.5", "2,1,val/miou_report,0.6"]
    log(*shared, "1,0,val/score,0.5", "2,1,val/score,0.6", name="layers")
    log(*shared, "1,0,val/score,0.2", "2,1,val/score,0.3", name="voxels")
    log("1,0,train/loss,0.5", name="old")
    runs = load_runs(tmp_path)
    assert list(voxel_runs(runs)) == ["voxels"]
    assert list(layered_runs(runs)) == ["layers", "old"]
