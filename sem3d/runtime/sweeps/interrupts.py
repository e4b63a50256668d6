"""Ctrl-C for launchers whose jobs run in other processes: they save and stop before those end."""

import os
import signal
import time
from types import FrameType
from typing import Final

from sem3d.locks import Lock, is_locked
from sem3d.runtime.sweeps.folder import SweepFolder
from sem3d.runtime.sweeps.lifeline import GRACE_S

WAIT_S: Final = GRACE_S + 10
"""For all jobs to save and stop."""


def stop_jobs_first(folder: SweepFolder, lock: Lock) -> None:
    """On the first Ctrl-C give the sweep's lock back, which its jobs notice, and wait for them.

    joblib would kill its workers and all that they started at once. A second Ctrl-C does so.

    Args:
        folder: the sweep.
        lock: its lock.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        return

    def interrupted(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(2, b"waits for the running jobs to save; Ctrl-C again ends them at once\n")
        lock.release()
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline and any(
            is_locked(path) for path in folder.path.glob("*/job.lock")
        ):
            time.sleep(0.2)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
