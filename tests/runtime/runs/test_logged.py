import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sem3d.runtime.runs.logged import append, read_logged, scan

HEAD = "step,epoch,name,value\r\n"
ROWS = ["10,0,val/score,0.25", "10,0,train/lr,1e-05", "20,1,val/score,0.9"]
WHOLE = {(10, "val/score"): (0, 0.25), (10, "train/lr"): (0, 1e-5), (20, "val/score"): (1, 0.9)}
anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def content(end: str, rows: list[str] = ROWS) -> bytes:
    """A table of `rows` whose lines end with `end`."""
    return end.join([HEAD.strip(), *rows, ""]).encode()


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
    table.write_text(HEAD + "5,0,a,1\r\n5,0,val/lo5,0,a,2\r\n5,0\n5,0", newline="")
    assert scan(table) == ({(5, "a"): (0, 1.0)}, ["5,0,val/lo5,0,a,2", "5,0"])
    table.write_text("epoch,loss\n1,2\n")
    assert scan(table) == ({}, ["epoch,loss", "1,2"])


@pytest.mark.parametrize(
    "line",
    [
        b'5,0,"a,1', b"5,0,a,1\r9", b"5,0,a,1,2", b"5,0,,1", b"5,0,a,", b"x,0,a,1", b"5,0,a,0.2.5",
        b"5,0,\xff,1", b"\x00\x00", b"5_0,0,a,1", b"-5,0,a,1", b"5,0,a b,1", b"",
        b"9" * 5000 + b",0,a,1", b"5," + b"9" * 400 + b",a,1",
    ],
)  # fmt: skip
def test_whatever_is_no_row_is_one_damaged_line(table: Path, line: bytes) -> None:
    table.write_bytes(content("\n", ROWS[:1]) + line + b"\n" + ROWS[1].encode() + b"\n")
    found, damaged = scan(table)
    assert found.keys() == {(10, "val/score"), (10, "train/lr")}
    assert damaged == [line.decode(errors="replace")]


@anything
@given(st.binary() | st.text().map(str.encode), st.sampled_from([b"", HEAD.encode()]))
def test_no_content_is_an_error(table: Path, junk: bytes, head: bytes) -> None:
    table.write_bytes(head + junk)
    _, damaged = scan(table)
    assert len(damaged) <= junk.count(b"\n") + 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_cut_anywhere_holds_whole_rows_without_damage(table: Path, end: str) -> None:
    whole = content(end)
    for size in range(len(whole) + 1):
        table.write_bytes(whole[:size])
        found, damaged = scan(table)
        assert found.items() <= WHOLE.items()
        assert damaged == []
    assert found == WHOLE


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_resumed_run_repeats_what_was_cut_anywhere(table: Path, end: str) -> None:
    whole = content(end)
    for size in range(len(whole) + 1):
        table.write_bytes(whole[:size])
        append(table, 10, 0, {"val/score": 0.25, "train/lr": 1e-5})
        append(table, 20, 1, {"val/score": 0.9})
        assert scan(table) == (WHOLE, [])


@anything
@given(st.binary())
def test_a_row_below_anything_is_read(table: Path, junk: bytes) -> None:
    table.write_bytes(junk)
    append(table, 20, 1, {"val/score": 0.9})
    assert read_logged(table)[20, "val/score"] == (1, 0.9)


def test_what_was_whole_is_left_as_it_was(table: Path) -> None:
    """Lines of older runs end with CRLF."""
    table.write_bytes(content("\r\n") + b"30,2,val/sc")
    append(table, 30, 2, {"val/score": math.nan, "val/iou/Cu": math.inf})
    rows = b"30,2,val/score,nan\n30,2,val/iou/Cu,inf\n"
    assert table.read_bytes() == content("\r\n") + rows


@pytest.mark.parametrize("left", [None, b"", b"step,ep", b"20"])
def test_a_table_without_a_whole_line_begins_anew(table: Path, left: bytes | None) -> None:
    if left is not None:
        table.write_bytes(left)
    append(table, 20, 1, {"val/score": 0.9})
    assert table.read_text() == "step,epoch,name,value\n20,1,val/score,0.9\n"


def test_rows_without_a_header_count(table: Path) -> None:
    table.write_text("10,0,val/score,0.25\n10,0,train/lr,1e-05\n")
    append(table, 20, 1, {"val/score": 0.9})
    assert scan(table) == (WHOLE, [])
