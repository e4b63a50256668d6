import math
from pathlib import Path

import pytest

from sem3d.runtime.runs.logged import read_logged, scan

HEAD = "step,epoch,name,value\r\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "metrics.csv"


def test_no_file_and_an_empty_one_hold_nothing(table: Path) -> None:
    assert read_logged(table) == {}
    table.write_text("")
    assert read_logged(table) == {}


def test_the_last_row_of_a_repeated_step_counts(table: Path) -> None:
    table.write_text(HEAD + "5,0,val/loss,0.5\r\n5,0,val/score,0.1\r\n5,0,val/loss,0.25\r\n")
    assert read_logged(table) == {(5, "val/loss"): (0, 0.25), (5, "val/score"): (0, 0.1)}


@pytest.mark.parametrize("cut", ["1", "10,1,val/loss", "10,1,val/loss,0.2", "10,1,val/loss,0.25\r"])
def test_a_line_without_its_end_is_no_row(table: Path, cut: str) -> None:
    """0.2 may be the beginning of 0.25."""
    table.write_bytes((HEAD + "5,0,val/loss,0.5\r\n" + cut).encode())
    assert read_logged(table) == {(5, "val/loss"): (0, 0.5)}


def test_what_a_kill_left_in_the_middle_is_skipped(table: Path) -> None:
    table.write_text(HEAD + "5,0,val/lo5,0,val/loss,0.5\r\n5,0\r\n5,0,val/loss,0.25\r\n")
    assert read_logged(table) == {(5, "val/loss"): (0, 0.25)}


def test_values_that_are_not_finite_are_kept(table: Path) -> None:
    table.write_text(HEAD + "5,0,val/loss,nan\r\n6,0,val/loss,inf\r\n")
    found = read_logged(table)
    assert math.isnan(found[5, "val/loss"][1])
    assert found[6, "val/loss"] == (0, math.inf)


def test_lines_that_are_passed_over_are_named(table: Path) -> None:
    assert scan(table) == ({}, [])
    table.write_text(HEAD + "5,0,a,1\r\n5,0,val/lo5,0,a,2\r\n5,0", newline="")
    assert scan(table) == ({(5, "a"): (0, 1.0)}, ["5,0,val/lo5,0,a,2", "5,0"])
    table.write_text("epoch,loss\n1,2\n")
    assert scan(table) == ({}, ["epoch,loss", "1,2"])
