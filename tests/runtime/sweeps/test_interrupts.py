"""Ctrl-C and `kill` wait for jobs in other processes, the second one does not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sem3d.locks import Lock, is_locked

COMMAND = """
import sys, time
from pathlib import Path
from sem3d.locks import Lock
from sem3d.runtime.sweeps.folder import SweepFolder
from sem3d.runtime.sweeps.interrupts import stop_jobs_first
folder = SweepFolder(Path(sys.argv[1]))
lock = Lock(folder.path / "sweep.lock")
assert lock.take()
stop_jobs_first(folder, lock, elsewhere=True)
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt as error:
    sys.exit(*error.args)
"""


@pytest.fixture
def job(tmp_path: Path) -> Lock:
    """A job that runs."""
    lock = Lock(tmp_path / "lr-0.1" / "job.lock")
    assert lock.take()
    return lock


def command(folder: Path, before: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", before + COMMAND, str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_waits_until_the_jobs_have_stopped(
    tmp_path: Path, job: Lock, number: int, status: int
) -> None:
    with command(tmp_path) as process:
        process.send_signal(number)
        while is_locked(tmp_path / "sweep.lock"):  # what the jobs notice
            time.sleep(0.01)
        time.sleep(0.5)
        assert process.poll() is None
        job.release()
        _, err = process.communicate(timeout=20)
    assert err == "waits for the running jobs to save; once more ends them at once\n"
    assert process.returncode == status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_waits_for_nobody(tmp_path: Path, job: Lock, number: int) -> None:
    with command(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        while is_locked(tmp_path / "sweep.lock"):
            time.sleep(0.01)
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == (0 if number == signal.SIGINT else -number)  # of sys.exit() above
    job.release()


def test_who_ignores_ctrl_c_goes_on_ignoring_it(tmp_path: Path) -> None:
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    with command(tmp_path, ignore) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.kill()
        process.communicate()
