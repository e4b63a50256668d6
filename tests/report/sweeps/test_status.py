"""How a sweep stands, and how long it will take."""

import json
import os
import re
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.console import Console

from sem3d.files import write_atomic
from sem3d.locks import Lock
from sem3d.report.sweeps import status
from sem3d.report.sweeps.outcomes import Sweep, read_sweep
from sem3d.report.sweeps.status import counts, follow, show, time_left, time_used
from sem3d.runtime.sweeps.folder import Record
from tests.report.sweeps.made import EPOCHS, fail, finish, make_grid, start, write_plan

TEN = {"optimizer.lr": [f"0.0{n}" for n in range(10)]}


@contextmanager
def held(*paths):
    locks = [Lock(path) for path in paths]
    assert all(lock.take() for lock in locks)
    yield
    for lock in locks:
        lock.release()


def told(path, width=130):
    console = Console(width=width, highlight=False)
    with console.capture() as shown:
        show(path, console)
    return shown.get()


def prepared(folder, when):
    """Let the data of a job be ready at a time [s since 1970]."""
    path = folder / "statistics.json"
    path.touch()
    os.utime(path, (when, when))


def running(sweep: Sweep, **fields: float) -> Sweep:
    """The sweep with its interrupted jobs running since time 0."""
    outcomes = [
        replace(one, job=replace(one.job, record=Record("running", 1, 0.0, **fields)))
        if one.job.state == "interrupted"
        else one
        for one in sweep.outcomes
    ]
    return replace(sweep, outcomes=tuple(outcomes))


def test_states_are_counted_in_their_order(tmp_path):
    make_grid(tmp_path, until=0.5)
    found = counts(read_sweep(tmp_path))
    assert list(found) == ["waiting", "interrupted", "failed", "done"]
    assert sum(found.values()) == 252
    assert found["waiting"] == 126


def test_time_left_by_hand(tmp_path):
    """Two ended in 150 s each; two run, a half and a quarter done after 80 s; six wait.

    The first needs 80 s more, the second 240 s, the others 900 s: 1220 s for two at a time.
    """
    plan = write_plan(tmp_path, TEN)
    folders = [tmp_path / name for name in plan.jobs]
    finish(folders[0], [0.5] * 10)
    finish(folders[1], [0.5] * 10, {"epoch": 10, "score": 0.5, "cutoff": 0.6})
    start(folders[2], [0.5] * (EPOCHS // 2))
    start(folders[3], [0.5] * (EPOCHS // 4))
    sweep = running(read_sweep(tmp_path))
    assert time_left(sweep, 80) == pytest.approx(610)
    assert time_used(sweep, 80) == pytest.approx(460)


def test_writing_the_dataset_is_no_training(tmp_path):
    """600 s, of which the first spends 450 s on the dataset, the second 10 s on its start."""
    plan = write_plan(tmp_path, TEN)
    first, second, third, *_ = (tmp_path / name for name in plan.jobs)
    finish(first, [0.5] * EPOCHS)
    prepared(first, 1e9 + 450)
    start(third, [0.5] * (EPOCHS // 2))
    prepared(third, 5)
    sweep = running(read_sweep(tmp_path))
    assert time_left(sweep, 105) == pytest.approx(100 + 7 * 150 + 150)
    assert time_used(sweep, 105) == pytest.approx(705)
    finish(second, [0.5] * EPOCHS)
    prepared(second, 1e9 + 10)
    sweep = running(read_sweep(tmp_path))
    assert time_left(sweep, 105) == pytest.approx(100 + 7 * (10 + (150 + 590) / 2))


def test_a_job_that_prepares_data_says_so(tmp_path):
    plan = write_plan(tmp_path, TEN)
    first = tmp_path / next(iter(plan.jobs))
    start(first, [])
    with held(first / "job.lock"):
        assert "prepares data" in told(tmp_path)
        prepared(first, time.time())
        shown = told(tmp_path)
    assert "prepares data" not in shown
    assert "0/40" in shown


def test_the_last_job_decides_at_the_end(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1", "0.2"]})
    long, short = (tmp_path / name for name in plan.jobs)
    start(long, [0.5])
    start(short, [0.5] * (EPOCHS - 1))
    assert time_left(running(read_sweep(tmp_path)), 10) == pytest.approx(10 * (EPOCHS - 1))


def test_a_limit_of_steps_counts_too(tmp_path):
    """18 of 450 epochs are made, but 180 of 200 steps: 99 s so far, 11 s more."""
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"]})
    (job,) = (tmp_path / name for name in plan.jobs)
    start(job, [0.5] * 18)
    limits = {"trainer": {"max_epochs": 450, "max_steps": 200}}
    write_atomic(job / "run.json", json.dumps({"config": limits}))
    assert time_left(running(read_sweep(tmp_path)), 99) == pytest.approx(11)


@pytest.mark.parametrize(
    ("now", "told"),
    [(13_000, r"5\.9 d left .* until [A-Z][a-z]{2} \d\d:\d\d$"),
     (14_000, r"6\.3 d left .* until 1970-01-0\d \d\d:\d\d$")],
)  # fmt: skip
def test_a_far_end_has_a_date(tmp_path, now, told):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"]})
    start(tmp_path / next(iter(plan.jobs)), [0.5])
    console = Console(width=130, highlight=False)
    with console.capture() as shown:
        console.print(status.status(running(read_sweep(tmp_path)), now))
    assert re.search(told, shown.get(), re.MULTILINE)


def test_earlier_attempts_count(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"]})
    start(tmp_path / next(iter(plan.jobs)), [0.5] * (EPOCHS // 2))
    sweep = running(read_sweep(tmp_path), seconds=90.0)
    assert time_used(sweep, 10) == 100
    assert time_left(sweep, 10) == pytest.approx(100)


def test_without_a_running_job_or_progress_nothing_is_promised(tmp_path):
    plan = write_plan(tmp_path, TEN)
    folders = [tmp_path / name for name in plan.jobs]
    start(folders[0], [])
    assert time_left(running(read_sweep(tmp_path)), 80) is None
    finish(folders[1], [0.5])
    assert time_left(read_sweep(tmp_path), 80) is None
    assert time_left(running(read_sweep(tmp_path)), 5) is not None


def test_running_jobs_show_how_far_they_are(tmp_path):
    plan = write_plan(tmp_path, TEN)
    first, second, *_ = (tmp_path / name for name in plan.jobs)
    finish(first, [0.5] * 10)
    start(second, [0.1, 0.7, 0.2])
    with held(second / "job.lock", tmp_path / "sweep.lock"):
        shown = told(tmp_path)
    assert "8 waiting  1 running  1 done" in shown
    assert "1 of 10 jobs ended" in shown
    assert "best: lr 0.01: val/score 0.7000 in epoch 1 (running)" in shown
    line = next(line for line in shown.splitlines() if "3/40" in line)
    assert line.split()[:4] == ["lr", "0.01", "3/40", "0.7000"]
    assert "left with 1 at a time" in shown
    assert "continue by" not in shown


def test_failures_are_told_once_per_reason_with_a_log(tmp_path):
    plan = write_plan(tmp_path, TEN)
    folders = [tmp_path / name for name in plan.jobs]
    for folder in folders[:3]:
        fail(folder, "the disk is full")
    for folder in folders[1:3]:  # the first was refused before its process started
        (folder / "job.log").touch()
    fail(folders[3], "no such model")
    shown = told(tmp_path, 200).splitlines()
    at = shown.index("failed 3x: the disk is full")
    assert shown[at + 1] == "   lr 0; lr 0.01; lr 0.02"
    assert shown[at + 2] == f"   {folders[1]}/job.log"
    at = shown.index("failed 1x: no such model")
    assert shown[at + 1] == "   lr 0.03"
    assert shown[at + 2] == f"nothing runs; continue by: {plan.command}"


def test_many_reasons_are_cut_short(tmp_path):
    plan = write_plan(tmp_path, TEN)
    for n, name in enumerate(plan.jobs):
        fail(tmp_path / name, f"reason {n}")
    assert "and 5 other reasons; the table has all" in told(tmp_path)
    for name in plan.jobs:
        fail(tmp_path / name, "the disk is full")
    assert "   lr 0; lr 0.01; lr 0.02; and 7 more" in told(tmp_path)


def test_many_running_jobs_are_cut_short(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": [f"{n + 1}" for n in range(14)]})
    folders = [tmp_path / name for name in plan.jobs]
    for folder in folders:
        start(folder, [0.5])
    with held(*(folder / "job.lock" for folder in folders)):
        assert "and 2 more" in told(tmp_path)


def test_jobs_that_ended_without_a_score_are_told(tmp_path):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1", "0.2", "0.3"]})
    lost, other, diverged = (tmp_path / name for name in plan.jobs)
    finish(lost, [0.5])
    (lost / "metrics.csv").unlink()
    finish(other, [])
    finish(diverged, [0.5, float("inf")])
    shown = told(tmp_path, 400)
    assert f"without a score 2x: lr-0.1: {lost / 'metrics.csv'} is missing" in shown
    assert "diverged 1x: first lr-0.3" in shown


def test_following_ends_with_the_sweep(tmp_path, monkeypatch):
    plan = write_plan(tmp_path, {"optimizer.lr": ["0.1"]})
    (job,) = (tmp_path / name for name in plan.jobs)
    lock, glances = Lock(tmp_path / "sweep.lock"), []
    assert lock.take()

    def nap(seconds):
        glances.append(seconds)
        if len(glances) == 2:
            finish(job, [0.5])
            lock.release()

    monkeypatch.setattr(time, "sleep", nap)
    console = Console(width=100, highlight=False)
    with console.capture() as shown:
        follow(tmp_path, console, 7.0)
    assert glances == [7.0, 7.0]
    assert "1 done" in shown.get()
    assert shown.get().endswith("\n")


def test_following_ends_quietly_when_the_user_has_seen_enough(tmp_path, monkeypatch):
    write_plan(tmp_path, TEN)

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(status.time, "sleep", interrupt)
    with held(tmp_path / "sweep.lock"), Console(width=100).capture():
        follow(tmp_path, Console(width=100, quiet=True))
