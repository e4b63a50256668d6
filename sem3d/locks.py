"""File locks that end with their holder, however it ends."""

import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

GLANCES: Final = 5
"""Tries to take a lock: `is_locked` of somebody else holds it for a moment."""
POLL_S: Final = 0.2


class Lock:
    """An exclusive lock on a file.

    The kernel frees it when the last process that holds it is gone, so nothing stale is left by a
    kill. A child process that is given `fd` holds it too.

    Args:
        path: the file, made when it is taken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd: int | None = None

    def take(self) -> bool:
        """Take the lock if it is free; return whether it is now held."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        for _ in range(GLANCES):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)
            else:
                self.fd = fd
                return True
        os.close(fd)
        return False

    @contextmanager
    def held(self, waiting: Callable[[], None], limit: float = math.inf) -> Iterator[None]:
        """Hold the lock, waiting until it is free.

        Args:
            waiting: called once when it is not free.
            limit: longest wait [s].

        Raises:
            TimeoutError: it did not become free.
        """
        deadline = time.monotonic() + limit
        if not self.take():
            waiting()
            while not self.take():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.path} is held by another process")
                time.sleep(POLL_S)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Give the lock back; children that hold it keep it."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock on `path`; nothing is made."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
