"""Ctrl-C and `kill` of a sweep: its jobs save and stop before the command ends."""

import os
import signal
import time
from types import FrameType
from typing import Any, Final

from sem3d.locks import Lock, is_locked
from sem3d.runtime.sweeps.folder import SweepFolder
from sem3d.runtime.sweeps.lifeline import GRACE_S

WAIT_S: Final = GRACE_S + 10
"""For all jobs to save and stop."""
SIGNALS: Final[dict[int, Any]] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""What is heard once, and what a second one does."""


def stop_jobs_first(folder: SweepFolder, lock: Lock, *, elsewhere: bool) -> None:
    """On the first Ctrl-C or `kill` let the running jobs save and stop; a second ends them at once.

    Jobs of other processes are told by giving the sweep's lock back, and waited for: joblib would
    kill its workers and all that they started. A signal that is ignored stays so.

    Args:
        folder: the sweep.
        lock: its lock.
        elsewhere: whether other processes than this one run its jobs.
    """

    def stop(number: int, _: FrameType | None) -> None:
        for heard, again in SIGNALS.items():
            signal.signal(heard, again)
        os.write(2, b"waits for the running jobs to save; once more ends them at once\n")
        if elsewhere:
            lock.release()
            deadline = time.monotonic() + WAIT_S
            while time.monotonic() < deadline and any(
                is_locked(path) for path in folder.path.glob("*/job.lock")
            ):
                time.sleep(0.2)
        raise KeyboardInterrupt(128 + number)  # the exit status

    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
