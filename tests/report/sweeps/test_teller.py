"""What a running sweep says on the console."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sem3d.files import write_atomic
from sem3d.locks import Lock
from sem3d.report.sweeps import teller
from sem3d.report.sweeps.teller import Teller
from sem3d.runtime.sweeps.folder import Record, SweepFolder, write_record
from tests.report.sweeps.made import write_curve, write_plan

RUNNING = Record("running", 1, 1e9)


@pytest.fixture
def started(tmp_path: Path) -> SweepFolder:
    write_plan(tmp_path, {"optimizer.lr": ["1", "2", "3", "4"]})
    return SweepFolder(tmp_path)


@pytest.fixture
def told(started: SweepFolder, capsys: pytest.CaptureFixture[str]) -> Any:
    """The lines about records that are written one after the other."""

    def run(**records: Record) -> list[str]:
        watching = Teller(started)
        locks = []
        for name, record in records.items():
            folder = started.path / f"lr-{name[1:]}"
            write_record(folder, record)
            if record.state == "running":
                locks.append(Lock(folder / "job.lock"))
                locks[-1].take()  # unless the test holds it
        watching.stop()
        for lock in locks:
            lock.release()
        return capsys.readouterr().out.splitlines()

    return run


def done(folder: SweepFolder, name: str, content: str) -> None:
    write_atomic(folder.path / name / "done.json", content)


def test_starts_and_ends(told: Any, started: SweepFolder) -> None:
    log = started.path / "lr-2" / "job.log"
    assert told(_2=RUNNING) == [f"[2/4] lr-2: starts, log in {log}"]
    write_curve(started.path / "lr-2", [0.5, 0.91234, 0.7])  # the best counts, as in the table
    ended = replace(RUNNING, state="done", seconds=120.0)
    assert told(_2=ended) == [
        "[2/4] lr-2: done after 2 min, val/score 0.9123; 3 to finish, about 6 min"
    ]
    assert told(_2=ended) == []


def test_what_was_before_is_not_told(told: Any, started: SweepFolder) -> None:
    write_record(started.path / "lr-1", Record("done", 1, seconds=50.0))
    assert told() == []


def test_another_attempt_is_counted(told: Any) -> None:
    (line,) = told(_1=replace(RUNNING, attempts=3))
    assert line.startswith("[1/4] lr-1: starts, attempt 3, log in ")


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_failure_has_its_reason(told: Any, state: Any) -> None:
    ended = replace(RUNNING, state=state, seconds=31.0, reason="ended by signal 9")
    assert told(_4=ended) == [f"[4/4] lr-4: {state} after 31 s (ended by signal 9)"]


def test_a_halved_job_is_named_so(told: Any, started: SweepFolder) -> None:
    done(started, "lr-1", '{"scores": {}, "halved": {"epoch": 3}}')
    assert told(_1=replace(RUNNING, state="done", seconds=4.0))[0].startswith(
        "[1/4] lr-1: halved after 4 s; 3 to finish"
    )


def test_jobs_at_a_time_share_the_rest(told: Any, started: SweepFolder) -> None:
    running = [Lock(started.path / f"lr-{n}" / "job.lock") for n in (2, 3)]
    assert all(lock.take() for lock in running)
    now = replace(RUNNING, started=time.time())
    assert len(told(_2=now, _3=now)) == 2
    (line,) = told(_1=Record("done", 1, 1e9, seconds=600.0))
    assert line.endswith("; 3 to finish, about 15 min")  # 3 x 600 s at 2 places, as seen
    for lock in running:
        lock.release()


def test_an_interrupted_job_is_still_to_finish(told: Any) -> None:
    stopped = replace(RUNNING, state="interrupted", seconds=9.0)
    lines = told(_1=Record("done", 1, 1e9, seconds=60.0), _2=stopped)
    assert lines[1] == "[2/4] lr-2: interrupted after 9 s; 3 to finish, about 3 min"


def test_jobs_of_a_killed_sweep_do_not_count_as_running(told: Any, started: SweepFolder) -> None:
    for name in ("lr-2", "lr-3", "lr-4"):
        write_record(started.path / name, RUNNING)
    (line,) = told(_1=Record("done", 1, 1e9, seconds=60.0))
    assert line.endswith("; 3 to finish, about 3 min")


def test_a_damaged_file_is_left_to_the_end(told: Any, started: SweepFolder) -> None:
    watching = Teller(started)
    write_atomic(started.path / "lr-1" / "job.json", "{")
    watching.stop()
    (started.path / "lr-1" / "job.json").unlink()
    assert len(told(_2=Record("done", 1, 1e9, seconds=60.0))) == 1


def test_without_a_job_that_is_done_nothing_is_foretold(told: Any) -> None:
    (line,) = told(_1=replace(RUNNING, state="failed", seconds=3.0))
    assert line == "[1/4] lr-1: failed after 3 s"


def test_the_last_one_leaves_nothing(told: Any) -> None:
    ended = Record("done", 1, 1e9, seconds=60.0)
    lines = told(_1=ended, _2=ended, _3=ended, _4=ended)
    assert [line.startswith(f"[{n}/4] lr-{n}: done") for n, line in enumerate(lines, 1)] == [
        True
    ] * 4
    assert "to finish" not in lines[-1]


def test_it_watches_while_the_sweep_runs(
    started: SweepFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(teller, "EVERY_S", 0.01)
    watching, out = Teller(started), ""
    lock = Lock(started.path / "lr-1" / "job.lock")
    assert lock.take()
    write_record(started.path / "lr-1", RUNNING)
    deadline = time.monotonic() + 20
    while not out and time.monotonic() < deadline:
        time.sleep(0.01)
        out = capsys.readouterr().out
    watching.stop()
    lock.release()
    assert out.startswith("[1/4] lr-1: starts")
    assert capsys.readouterr().out == ""
