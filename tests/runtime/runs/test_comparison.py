from pathlib import Path
from typing import Any

import pytest

from sem3d.runtime.runs.comparison import SHOWN, Comparison, compare, interrupted
from sem3d.runtime.runs.run_folder import RunFolder

HEAD = "step,epoch,name,value\n"
ROWS = "7,0,val/loss,0.5\n7,0,train/loss,0.25\n14,1,train/loss,nan\n"


def finished(folder: Path, rows: str, *starts: int, **done: Any) -> RunFolder:
    run = RunFolder(folder)
    run.write("run.json", {"attempts": [{"step": step} for step in (0, *starts)]})
    run.write("done.json", {"hash": "a", "ends": {"max_epochs": 2}, "halved": None} | done)
    run.metrics.write_text(HEAD + rows)
    return run


def test_identical_runs(tmp_path: Path) -> None:
    found = compare(finished(tmp_path / "a", ROWS), finished(tmp_path / "b", ROWS))
    assert found == Comparison(3, 0, [])
    assert found.told() == "identical: 3 logged values"


def test_differences_are_told_in_the_order_of_steps(tmp_path: Path) -> None:
    first = finished(tmp_path / "a", ROWS)
    again = finished(tmp_path / "b", "7,0,val/loss,0.75\n14,1,train/loss,0.1\n", hash="b")
    assert [line.split() for line in compare(first, again).told().splitlines()] == [
        ["different:", "3", "of", "3", "logged", "values"],
        ["step", "name", "first", "repeat"],
        ["-", "hash", "a", "b"],
        ["7", "train/loss", "0.25", "-"],
        ["7", "val/loss", "0.5", "0.75"],
        ["14", "train/loss", "nan", "0.1"],
    ]


@pytest.mark.parametrize(
    "done", [{"hash": "b"}, {"ends": {"max_epochs": 3}}, {"halved": {"epoch": 1}}]
)
def test_ends_that_differ_are_a_difference(tmp_path: Path, done: dict[str, Any]) -> None:
    found = compare(finished(tmp_path / "a", ROWS), finished(tmp_path / "b", ROWS, **done))
    assert [row[1] for row in found.differences] == list(done)
    assert found.told().startswith("different: 0 of 3")


def test_another_epoch_is_a_difference(tmp_path: Path) -> None:
    again = finished(tmp_path / "b", ROWS.replace("7,0,val", "7,1,val"))
    assert len(compare(finished(tmp_path / "a", ROWS), again).differences) == 1


def test_a_long_table_is_cut() -> None:
    found = Comparison(99, 1, [(step, "val/loss", 0.0, 1.0) for step in range(99)])
    lines = found.told().splitlines()
    assert len(lines) == SHOWN + 2
    assert lines[0].endswith("(training losses of interrupted epochs left out: 1)")


@pytest.mark.parametrize("interrupted_one", [0, 1])
def test_training_losses_of_interrupted_epochs_are_left_out(
    tmp_path: Path, interrupted_one: int
) -> None:
    runs = [finished(tmp_path / "a", ROWS), finished(tmp_path / "b", ROWS)]
    other = ROWS.replace("0.25", "0.3")
    runs[interrupted_one] = finished(tmp_path / "c", other, 3)
    assert compare(*runs) == Comparison(2, 1, [])


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ((), set()),
        ((7,), set()),
        ((3,), {7}),
        ((7, 8, 9), {14}),
        ((0, 20), set()),
        ((3, 9), {7, 14}),
    ],
)
def test_epochs_that_were_interrupted(
    tmp_path: Path, starts: tuple[int, ...], expected: set[int]
) -> None:
    found = interrupted(finished(tmp_path / "a", ROWS, *starts))
    assert found == {(step, "train/loss") for step in expected}
