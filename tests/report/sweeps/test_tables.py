"""The table of all jobs, best first, for programs and for people."""

import csv
import math
import os

import pytest
from rich.console import Console

from sem3d.report.sweeps.outcomes import read_sweep, seconds
from sem3d.report.sweeps.tables import in_order, shown_table, write_table
from tests.report.sweeps.made import fail, finish, make_grid, start, write_plan

AXES = {"optimizer.lr": ["1e-05", "0.1"], "model": ["unet", "conv3"]}


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_job_has_a_row_best_first(tmp_path):
    plan = write_plan(tmp_path, AXES)
    low, failed, high, waiting = plan.jobs
    finish(tmp_path / low, [0.1, 1 / 3, 0.2])
    fail(tmp_path / failed, "no, really")
    finish(tmp_path / high, [0.9, math.nan])
    found = rows(write_table(read_sweep(tmp_path)))
    assert [row["job"] for row in found] == [high, low, failed, waiting]
    assert found[1] == {
        "job": low, "optimizer.lr": "1e-05", "model": "unet", "val/score": repr(1 / 3),
        "best epoch": "1", "last score": "0.2", "state": "done", "epochs": "3", "minutes": "0.75",
        "attempts": "1", "note": "",
    }  # fmt: skip
    assert (found[0]["last score"], found[0]["note"]) == ("nan", "diverged in epoch 1")
    assert (found[2]["val/score"], found[2]["note"]) == ("", "no, really")
    assert (found[3]["state"], found[3]["attempts"]) == ("waiting", "0")


def test_the_table_goes_where_it_is_told(tmp_path):
    write_plan(tmp_path, AXES)
    sweep = read_sweep(tmp_path)
    assert write_table(sweep) == tmp_path / "table.csv"
    other = write_table(sweep, tmp_path / "new" / "other.csv")
    assert other.read_text() == (tmp_path / "table.csv").read_text()


def test_an_added_setting_stands_under_its_plain_key(tmp_path):
    write_plan(tmp_path, {"++model.embedding": ["patch", "cnn"]})
    assert [row["model.embedding"] for row in rows(write_table(read_sweep(tmp_path)))] == [
        "patch", "cnn",
    ]  # fmt: skip


def test_jobs_of_equal_score_keep_the_order_of_the_plan(tmp_path):
    plan = write_plan(tmp_path, AXES)
    for name in plan.jobs:
        finish(tmp_path / name, [0.5])
    assert [one.job.name for one in in_order(read_sweep(tmp_path))] == list(plan.jobs)


def test_a_killed_job_counts_until_the_last_word_of_its_log(tmp_path):
    plan = write_plan(tmp_path, AXES)
    one, *_ = plan.jobs
    start(tmp_path / one, [0.1])
    (found, other, *_) = read_sweep(tmp_path).outcomes
    started = found.job.record.started
    assert seconds(found, started + 50) == 0
    assert seconds(other, started + 50) == 0
    log = tmp_path / one / "job.log"
    log.touch()
    os.utime(log, (started + 35, started + 35))
    assert seconds(found, started + 50) == pytest.approx(35)


def test_a_stopped_job_says_when(tmp_path):
    plan = write_plan(tmp_path, AXES)
    one, other, *_ = plan.jobs
    finish(tmp_path / one, [0.5] * 10, {"epoch": 10, "score": 0.5, "cutoff": 0.6})
    finish(tmp_path / other, [0.5], {"epoch": 1, "score": 0.5, "cutoff": 0.6})
    found = rows(write_table(read_sweep(tmp_path)))
    assert [row["note"] for row in found[:2]] == [
        "stopped after 10 epochs",
        "stopped after 1 epoch",
    ]


def test_the_published_grid_fits_a_terminal(tmp_path):
    make_grid(tmp_path)
    console = Console(width=130)
    with console.capture() as shown:
        console.print(shown_table(read_sweep(tmp_path)))
    lines = shown.get().splitlines()
    assert len([line for line in lines if line.startswith("│")]) >= 252
    assert "0.0005" in lines[4]
    assert "0.0001" in lines[4]
    assert "0.167" in lines[4]
    assert "the loss is no longer" in shown.get()


def test_a_short_table_holds_scores_only(tmp_path):
    plan = write_plan(tmp_path, AXES)
    one, *_ = plan.jobs
    finish(tmp_path / one, [0.5])
    assert shown_table(read_sweep(tmp_path), 3).row_count == 1
    assert shown_table(read_sweep(tmp_path)).row_count == 4
