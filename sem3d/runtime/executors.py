"""Where independent jobs run: here, or in worker processes."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from sem3d.errors import InputError


def _follow_parent() -> None:
    """In a worker: leave Ctrl-C to the parent, and die with it, for an orphan waits for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Serial:
    """One job after another in this process."""

    def __call__(self, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
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

    def __call__(self, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
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
            for future in as_completed([pool.submit(function, job) for job in jobs]):
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
