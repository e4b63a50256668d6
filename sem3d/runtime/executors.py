"""Where independent jobs run: here, or in worker processes."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from sem3d.errors import InputError


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
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
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
