"""Where independent jobs run: here, or in worker processes."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from typing import Any

from sem3d.errors import InputError


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; processes and threads that start meanwhile leave it to the command."""
    resource_tracker.ensure_running()  # which would let Ctrl-C through when it starts later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow_parent() -> None:
    """In a worker: die with the parent, for an orphan waits for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Serial:
    """One job after another in this process."""

    def __call__(
        self, function: Callable[[Any], Any], jobs: Sequence[Any]
    ) -> Generator[Any, None, None]:
        """Yield each job's result as it finishes."""
        for job in jobs:
            yield function(job)


@dataclass(frozen=True)
class Processes:
    """Jobs in worker processes, started afresh because forking a threaded process can hang.

    Attributes:
        workers: number of processes; None takes one per core.
    """

    workers: int | None = None

    def __call__(
        self, function: Callable[[Any], Any], jobs: Sequence[Any]
    ) -> Generator[Any, None, None]:
        """Yield each job's result as it finishes, in any order.

        Raises:
            InputError: a worker died; finished jobs are kept by whoever consumes them.
        """
        workers = min(self.workers or len(os.sched_getaffinity(0)), len(jobs))
        if workers <= 1:
            yield from Serial()(function, jobs)
            return
        spawn = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_follow_parent)
        try:
            with interrupts_held():
                futures = [pool.submit(function, job) for job in jobs]
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise InputError(
                "a worker process died (killed or out of memory); run the same command again to "
                "continue, with a smaller executor.workers if memory is short"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def cluster_package(name: str) -> Any:
    """Import a package that only clusters need.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"this executor needs the package {error.name}; pip install 'sem3d[cluster]'"
        ) from None
