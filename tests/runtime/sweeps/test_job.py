"""One job, with a small program in place of the training."""

import errno
import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.locks import Lock, is_locked
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps import folder as folder_module
from sem3d.runtime.sweeps import job, lifeline, process
from sem3d.runtime.sweeps.environment import Room
from sem3d.runtime.sweeps.folder import (
    PLAN,
    Record,
    SweepFolder,
    read_record,
    write_record,
)
from tests.runtime.sweeps.processes import lives, until
from tests.runtime.sweeps.programs import CFG, DEAF, FINISH, POLITE, QUICK, RAISE


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """The files of a run that has finished."""
    run = RunFolder(tmp_path / "done")
    run.open(CFG, fresh=False)
    run.finish(CFG, {"val/score": 0.5})
    return run.path


class Jobs:
    """Runs the jobs of one sweep with a program in place of the training."""

    def __init__(self, sweep: SweepFolder, done: Path, patch: pytest.MonkeyPatch) -> None:
        self.sweep, self.done, self.patch = sweep, done, patch
        self.cfg = CFG

    def run(self, program: str, rate: str = "0.1", **launcher: Any) -> str:
        def call(command: str, hydra: Any, folder: Path, has: Room) -> list[str]:
            del has
            assert (command, hydra.overrides.task[-1]) == ("train", f"optimizer.lr={rate}")
            interpreter = "sh" if program.startswith("trap") else sys.executable
            return [interpreter, "-c", program, str(folder), str(self.done)]

        self.patch.setattr(job, "_call", call)
        hydra = SimpleNamespace(
            sweep=SimpleNamespace(dir=str(self.sweep.path)), launcher=launcher,
            overrides=SimpleNamespace(task=["seed=1", f"optimizer.lr={rate}"]),
        )  # fmt: skip
        return job.run_job("train", self.settings, hydra)

    def settings(self) -> dict[str, Any]:
        return self.cfg

    def folder(self, rate: str = "0.1") -> Path:
        return self.sweep.path / f"lr-{rate}"

    def record(self, rate: str = "0.1") -> Record:
        return read_record(self.folder(rate))

    def log(self) -> str:
        return (self.folder() / "job.log").read_text()

    def with_setting(self, **sweep: Any) -> None:
        self.cfg = CFG | {"sweep": CFG["sweep"] | sweep}


@pytest.fixture
def jobs(sweep: SweepFolder, done: Path, planned: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sweep command that has the folder; without it a job would end this process."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(process, "POLL_S", 0.05)
    lock = sweep.open(planned("0.1", "0.2", "0.3", "0.4"), extend=False, fresh=False)
    yield Jobs(sweep, done, monkeypatch)
    lock.release()


def test_a_job_that_finishes_is_not_run_again(jobs: Jobs) -> None:
    assert jobs.run(FINISH) == "done"
    told = jobs.record()
    assert (told.state, told.attempts, told.status, told.reason) == ("done", 1, 0, "")
    assert told.host == os.uname().nodename
    assert told.started <= told.ended <= time.time()
    assert told.seconds == pytest.approx(told.ended - told.started)
    assert jobs.log().splitlines()[-1] == "trained"
    assert jobs.run(RAISE) == "done"
    assert jobs.record() == told
    assert not is_locked(jobs.folder() / "job.lock")


def test_a_job_is_told_by_its_values_in_any_order(jobs: Jobs, planned: Any) -> None:
    values = {"optimizer.lr": "0.1", "seed": "1"}
    plan = planned(parameters={k: [v] for k, v in values.items()}, jobs={"an-old-name": values})
    (jobs.sweep.path / PLAN).write_text(json.dumps(plan.__dict__))
    assert jobs.run(FINISH) == "done"
    assert read_record(jobs.sweep.path / "an-old-name").state == "done"


def test_a_failure_is_recorded_and_tried_again(jobs: Jobs) -> None:
    assert jobs.run(RAISE) == "failed"
    first = jobs.record()
    assert (first.attempts, first.status, first.reason) == (1, 1, "ValueError: no such thing")
    assert first.traceback.startswith("Traceback (most recent call last):\n")
    assert first.traceback.rstrip().endswith(first.reason)
    assert jobs.run("raise SystemExit('error: a is b; c')") == "failed"
    second = jobs.record()
    assert (second.attempts, second.reason, second.traceback) == (2, "a is b; c", "")
    assert second.seconds > first.seconds
    assert jobs.run(FINISH) == "done"
    assert (jobs.record().attempts, jobs.record().reason) == (3, "")
    assert jobs.log().count("--- attempt ") == 3
    assert "epoch 1" in jobs.log()


def test_the_reason_is_of_the_last_attempt(jobs: Jobs) -> None:
    jobs.run(RAISE)
    assert jobs.run("import os; os._exit(1)") == "failed"
    assert (jobs.record().reason, jobs.record().traceback) == ("no output", "")


@pytest.mark.parametrize(
    ("program", "state", "reason"),
    [
        ("print('saved'); raise SystemExit(130)", "interrupted", "saved"),
        ("print('time is up')", "interrupted", "time is up"),
        ("import os; os.kill(os.getpid(), 15)", "interrupted", "no output"),
        ("import os; os.kill(os.getpid(), 9)", "failed",
         "ended by signal 9 (SIGKILL); out of memory?"),
    ],
)  # fmt: skip
def test_other_ends(jobs: Jobs, program: str, state: str, reason: str) -> None:
    assert jobs.run(program) == state
    assert (jobs.record().state, jobs.record().reason) == (state, reason)


@pytest.mark.parametrize(("program", "status"), [(DEAF, -9), (QUICK, 130)])
def test_a_job_that_hangs_is_ended(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, program: str, status: int
) -> None:
    if program is DEAF:
        monkeypatch.setattr(lifeline, "GRACE_S", 0.1)
    jobs.with_setting(timeout="00:01")
    assert jobs.run(program) == "failed"
    told = jobs.record()
    assert told.reason == "stopped at sweep.timeout, 1 s; start the sweep again to continue it"
    assert told.status == status
    assert not lives(told.pid)


def test_a_time_limit_that_is_none_starts_nothing(jobs: Jobs) -> None:
    jobs.with_setting(timeout="soon")
    assert jobs.run(FINISH) == "failed"
    assert jobs.record().reason.startswith("sweep.timeout is 'soon'; write it as")
    assert jobs.record().pid is None


def test_an_interrupt_is_recorded_and_passed_on(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = []

    def interrupt(*_: Any) -> bool:
        if jobs.record().state == "running":
            until(lambda: "ready" in jobs.log())
            pids.append(jobs.record().pid)
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(job, "_is_orphan", interrupt)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(POLITE)
    told = jobs.record()
    assert (told.state, told.status, told.attempts) == ("interrupted", 130, 1)
    assert not lives(pids[0])
    assert not is_locked(jobs.folder() / "job.lock")


def test_a_job_that_finished_alone_is_noted(jobs: Jobs) -> None:
    """Its supervisor was killed before it could write that down."""
    jobs.run(FINISH)
    began, finished = 1e9, 1e9 + 50
    write_record(jobs.folder(), Record("running", 2, began, seconds=100.0))
    os.utime(jobs.folder() / "job.log", (finished, finished))
    assert jobs.run(RAISE) == "done"
    assert jobs.record() == Record("done", 2, began, finished, 150.0, devices=[], status=0)


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        ("raise ValueError('too late')", "ValueError: too late"),
        ("import time; time.sleep(60)", "stopped at sweep.timeout, 3 s"),
    ],
)
def test_what_goes_wrong_after_it_was_done_undoes_nothing(
    jobs: Jobs, late: str, reason: str
) -> None:
    jobs.with_setting(timeout="00:03")
    assert jobs.run(FINISH + late) == "done"
    assert jobs.record().reason == f"{reason}, after it was done"


def test_settings_that_do_not_fit_are_recorded(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> dict[str, Any]:
        raise InputError("dataset.root is not set; give dataset.root=...")

    monkeypatch.setattr(jobs, "settings", refuse)
    assert jobs.run(FINISH) == "failed"
    assert jobs.record().reason == "dataset.root is not set; give dataset.root=..."
    assert jobs.record().traceback == ""


def test_a_defect_of_the_supervisor_is_recorded(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "room", lambda *_: 1 / 0)
    assert jobs.run(FINISH) == "failed"
    assert jobs.record().reason == "ZeroDivisionError: division by zero"
    assert jobs.record().traceback.startswith("Traceback (most recent call last):")


def test_a_time_limit_of_a_queue_lets_the_job_save(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """submitit makes an error of the signal that comes before it."""

    def limit(*_: Any) -> bool:
        if jobs.record().state == "running":
            until(lambda: "ready" in jobs.log())
            raise RuntimeError("not requeued")
        return False

    monkeypatch.setattr(job, "_is_orphan", limit)
    assert jobs.run(POLITE) == "interrupted"
    told = jobs.record()
    assert (told.state, told.status, told.attempts) == ("interrupted", 130, 1)


def test_time_is_not_counted_twice(jobs: Jobs) -> None:
    """A job that finished while it was stopped has its time already."""
    jobs.run(FINISH)
    told = Record("failed", 2, 1e9, 1e9 + 60, 90.0, devices=[], reason="x", traceback="y")
    write_record(jobs.folder(), told)
    assert jobs.run(RAISE) == "done"
    assert jobs.record() == replace(told, state="done", status=0, reason="", traceback="")


def test_the_time_of_a_killed_supervisor_is_counted(jobs: Jobs) -> None:
    write_record(jobs.folder(), Record("running", 1, 1e9, seconds=100.0))
    (jobs.folder() / "job.log").write_text("epoch 1\n")
    os.utime(jobs.folder() / "job.log", (1e9 + 50, 1e9 + 50))
    assert jobs.run(RAISE) == "failed"
    assert 150 < jobs.record().seconds < 200
    assert jobs.record().attempts == 2


def test_an_earlier_process_is_waited_for(jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = Lock(jobs.folder() / "job.lock")
    assert earlier.take()
    timer = threading.Timer(0.3, earlier.release)
    timer.start()
    assert jobs.run(FINISH) == "done"
    timer.join()
    assert capsys.readouterr().out == "lr-0.1: waits for its earlier process\n"


def test_a_job_that_somebody_runs_is_left_to_him(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job, "HANDOVER_S", 0.1)
    write_record(jobs.folder(), Record("running", 1, pid=77))
    earlier = Lock(jobs.folder() / "job.lock")
    assert earlier.take()
    assert jobs.run(FINISH) == "running"
    earlier.release()
    assert "lr-0.1: left to process 77, which still runs it\n" in capsys.readouterr().out
    assert not (jobs.folder() / "job.log").exists()


@pytest.mark.parametrize("number", [1, 2])
def test_a_full_disk_leaves_no_process(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """At the start of the job, or when its end is written down."""
    written: list[dict[str, Any]] = []
    write = folder_module.write_atomic

    def full(path: Path, content: str) -> None:
        written.append(json.loads(content))
        if len(written) == number:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, content)

    monkeypatch.setattr(folder_module, "write_atomic", full)
    with pytest.raises(OSError, match="No space left"):
        jobs.run(DEAF if number == 1 else RAISE)
    assert not lives(written[0]["pid"])
    assert not is_locked(jobs.folder() / "job.lock")


def test_a_folder_with_another_run_is_refused(jobs: Jobs) -> None:
    jobs.run(FINISH)
    jobs.cfg = CFG | {"seed": 5}
    assert jobs.run(FINISH) == "failed"
    assert "other settings of seed" in jobs.record().reason


def test_more_epochs_continue_a_job(jobs: Jobs) -> None:
    jobs.run(FINISH)
    jobs.cfg = CFG | {"trainer": CFG["trainer"] | {"max_epochs": 3}}
    assert jobs.run("print('resumed')") == "interrupted"
    assert jobs.record().attempts == 2


def test_after_failures_alike_the_rest_is_not_tried(jobs: Jobs) -> None:
    rates = ("0.1", "0.2", "0.3", "0.4")
    assert folder_module.ALIKE == 3
    assert [jobs.run(RAISE, rate) for rate in rates] == ["failed"] * 3 + ["waiting"]
    assert jobs.sweep.is_futile


def test_a_job_that_trained_gives_the_others_hope(jobs: Jobs) -> None:
    attempted = "; open(sys.argv[1] + '/run.json', 'w').write('{\"attempts\": [{}]}')"
    assert jobs.run("import sys" + attempted + "; raise ValueError('no such thing')") == "failed"
    assert [jobs.run(RAISE, rate) for rate in ("0.2", "0.3", "0.4")] == ["failed"] * 3
    assert not jobs.sweep.is_futile


def test_failures_that_differ_say_nothing_of_the_others(jobs: Jobs) -> None:
    rates = ("0.1", "0.2", "0.3", "0.4")
    assert [jobs.run(f"raise ValueError({r})", r) for r in rates] == ["failed"] * 4
    assert not jobs.sweep.is_futile
