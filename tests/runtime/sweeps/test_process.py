"""Nothing of a job is left, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from sem3d.locks import Lock, is_locked
from sem3d.runtime.sweeps import lifeline, process
from tests.runtime.sweeps.processes import lives, until
from tests.runtime.sweeps.programs import POLITE

Start = Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]

FAMILY = """
import subprocess, sys, time
child = "import subprocess, sys, time; " \\
    "print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", child])
print("ready", flush=True)
"""
DEAF = "import signal, time; signal.signal(2, 1); print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "job.log"


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[Lock]:
    lock = Lock(tmp_path / "job.lock")
    assert lock.take()
    yield lock
    lock.release()


@pytest.fixture
def start(lock: Lock, log: Path) -> Iterator[Start]:
    """Start a program as a job whose lock this process holds."""
    with log.open("wb") as file:

        def run(program: str, **environment: str) -> AbstractContextManager[Any]:
            call = [sys.executable, "-c", program]
            return process.started(call, {**os.environ, **environment}, file, [lock])

        yield run


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "POLL_S", 0.05)


def lines(log: Path, count: int) -> list[str]:
    """The first lines of a log, once they are there."""
    until(lambda: log.read_text().count("\n") >= count)
    return log.read_text().split()


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("end", "status"),
    [("", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", -9), ("raise KeyError('x')", 1)],
)
def test_the_exit_status_passes_through(start: Start, log: Path, end: str, status: int) -> None:
    with start(f"import os, sys; {end}") as running:
        assert process.wait(running, 60, never) == status
    assert ("KeyError" in log.read_text()) == (status == 1)


def test_both_outputs_go_to_the_log_and_there_is_no_input(start: Start, log: Path) -> None:
    with start("import os, sys; print(sys.stdin.read() == ''); os.write(2, b'err')") as running:
        assert process.wait(running, 60, never) == 0
    assert log.read_text().replace("\n", "") in ("Trueerr", "errTrue")


def test_grandchildren_are_killed_after_their_parents_end(start: Start, log: Path) -> None:
    with start(FAMILY) as running:
        assert process.wait(running, 60, never) == 0
        grandchild = next(int(word) for word in lines(log, 2) if word.isdigit())
        assert lives(grandchild)
        assert os.getpgid(grandchild) == running.pid != os.getpgrp()
    until(lambda: not lives(grandchild))


def test_an_error_of_the_supervisor_kills_the_job(start: Start, log: Path) -> None:
    jobs: list[subprocess.Popen[bytes]] = []

    def supervise() -> None:
        with start(DEAF) as running:
            jobs.append(running)
            lines(log, 1)
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        supervise()
    assert jobs[0].returncode == -signal.SIGKILL


def test_a_job_that_hangs_is_ended_at_its_limit(
    start: Start, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "GRACE_S", 0.1)
    with start(DEAF) as running:
        lines(log, 1)
        assert process.wait(running, 0.1, never) is None
        assert running.poll() is None
    assert running.returncode == -signal.SIGKILL


def test_a_job_may_save_at_its_limit(start: Start, log: Path) -> None:
    with start(POLITE) as running:
        lines(log, 1)
        assert process.wait(running, 0.1, never) is None
        assert running.returncode == 130
    assert lines(log, 2) == ["ready", "saved"]


def test_an_orphan_saves_and_stops(start: Start, log: Path) -> None:
    with start(POLITE) as running:
        lines(log, 1)
        assert process.wait(running, 60, lambda: True) == 130
    assert lines(log, 2) == ["ready", "saved"]


def test_an_orphan_that_finishes_is_not_interrupted(start: Start, log: Path) -> None:
    with start(POLITE.replace("SystemExit(130)", "SystemExit(0)")) as running:
        lines(log, 1)
        assert process.wait(running, 60, lambda: True) == 0


def test_a_deaf_orphan_is_interrupted(
    start: Start, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "GRACE_S", 0.1)
    with start(DEAF) as running:
        lines(log, 1)
        assert process.wait(running, 60, lambda: True) == 130


def interrupt() -> bool:
    raise KeyboardInterrupt


def test_an_interrupt_lets_the_job_save(start: Start, log: Path) -> None:
    with start(POLITE) as running:
        lines(log, 1)
        with pytest.raises(KeyboardInterrupt):
            process.wait(running, 60, interrupt)
        assert running.returncode == 130
    assert lines(log, 2) == ["ready", "saved"]


def test_a_second_interrupt_waits_no_more(
    start: Start, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(DEAF) as running:
        lines(log, 1)
        patient = running.wait

        def impatient(timeout: float | None = None) -> int:
            if timeout == lifeline.GRACE_S:
                raise KeyboardInterrupt
            return patient(timeout)

        monkeypatch.setattr(running, "wait", impatient)
        with pytest.raises(KeyboardInterrupt):
            process.wait(running, 60, interrupt)
        assert running.poll() is None
    assert running.returncode == -signal.SIGKILL


def test_the_job_holds_its_lock_until_it_ends(start: Start, log: Path, lock: Lock) -> None:
    with start(DEAF):
        lines(log, 1)
        lock.release()
        assert is_locked(lock.path)
    assert not is_locked(lock.path)


def test_no_pipe_is_left_open(start: Start, lock: Lock) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with start("") as running:
        process.wait(running, 60, never)
    with (
        Path(os.devnull).open("wb") as nothing,
        pytest.raises(FileNotFoundError),
        process.started(["/nowhere/python"], {}, nothing, [lock]),
    ):
        pytest.fail("started nothing")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
