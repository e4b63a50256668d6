"""A job must not outlive its supervisor: a pipe that closes when the supervisor is gone."""

import os
import signal
import threading
import time
from typing import Final

VARIABLE: Final = "SEM3D_LIFELINE"
GRACE_S: Final = 30
"""For a job to save and stop."""


def follow() -> None:
    """In a job: stop like on Ctrl-C when the supervisor is gone, and if that takes long, at once.

    Outside a sweep nothing happens. Processes that the job starts do not inherit the pipe.
    """
    if (pipe := os.environ.pop(VARIABLE, None)) is not None:
        os.set_inheritable(int(pipe), False)
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # the sweep was started by nohup or &
            signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_watch, args=(int(pipe),), daemon=True).start()


def _watch(pipe: int) -> None:
    os.read(pipe, 1)  # nobody writes: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)
