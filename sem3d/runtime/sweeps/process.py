"""The process of a job: started in a group of its own, of which nothing is left at the end."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Final

from sem3d.locks import Lock
from sem3d.runtime.sweeps import lifeline

POLL_S: Final = 2.0


@contextmanager
def started(
    call: Sequence[str], environment: Mapping[str, str], log: IO[bytes], locks: Sequence[Lock]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a job; afterwards kill what is left of it and of the processes it started.

    Args:
        call: its command line.
        environment: its environment.
        log: takes all its output.
        locks: held by the job too, until it ends.
    """
    read, write = os.pipe()
    kept = [read, *(lock.fd for lock in locks if lock.fd is not None)]
    with os.fdopen(write, "wb"):
        with os.fdopen(read, "rb"):
            process = subprocess.Popen(
                call, env={**environment, lifeline.VARIABLE: str(read)}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, pass_fds=kept, start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a job to save and stop as Ctrl-C does, and wait for it; a second Ctrl-C waits no more."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(lifeline.GRACE_S)


def wait(
    process: subprocess.Popen[bytes], limit: float, is_orphan: Callable[[], bool]
) -> int | None:
    """Return a job's exit status, or None when it was stopped after `limit` seconds.

    Args:
        process: the job.
        limit: longest time [s].
        is_orphan: whether the sweep is gone; the job is then stopped.

    Raises:
        KeyboardInterrupt: Ctrl-C; the job has stopped, as for any other error.
    """
    deadline = time.monotonic() + limit
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(min(POLL_S, max(0.0, deadline - time.monotonic())))
            if is_orphan():
                stop(process)
                return 130 if process.returncode is None else process.returncode
            if time.monotonic() >= deadline:
                stop(process)
                return None
    except BaseException:  # submitit makes an error of the signal for a queue's time limit
        stop(process)
        raise
