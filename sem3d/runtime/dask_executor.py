"""Jobs on a Dask cluster: one of our own on this machine, or one that is already running."""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.runtime.executors import cluster_package


@dataclass(frozen=True)
class Dask:
    """Jobs on the workers of a Dask scheduler, which gives those of a lost worker to another.

    Attributes:
        workers: processes of one thread to start here; None takes one per core. Without meaning
            for an existing scheduler.
        address: of an existing scheduler, ``tcp://host:port``; its workers must have this package
            and see the current folder.

    Raises:
        InputError: `workers` is below 1.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"executor.workers is {self.workers}; give 1 or more, or null")

    def __call__(self, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        """Yield each job's result as it finishes, in any order.

        Raises:
            InputError: no package, no scheduler, the scheduler went away, or a job lost every
                worker that tried it; finished jobs are kept by whoever consumes them.
        """
        if not jobs:
            return
        distributed = cluster_package("distributed")
        with ExitStack() as stack:
            stack.enter_context(distributed.utils.silence_logging_cmgr(logging.CRITICAL))
            if self.address is None:
                client = stack.enter_context(self._own_cluster(len(jobs)))
            else:
                client = stack.enter_context(_existing_cluster(self.address))
                function = partial(_run_in, Path.cwd(), function)
            stack.enter_context(self._told(distributed))
            futures = client.map(function, jobs, pure=False)
            for future in distributed.as_completed(futures):
                yield future.result()

    @contextmanager
    def _own_cluster(self, jobs: int) -> Iterator[Any]:
        distributed = cluster_package("distributed")
        cluster = distributed.LocalCluster(
            n_workers=min(self.workers or len(os.sched_getaffinity(0)), jobs),
            threads_per_worker=1,
            memory_limit=None,  # shards are small; a paused worker would wait for ever
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
        with cluster, distributed.Client(cluster) as client:
            client.run(_leave_interrupts_to_the_command)
            yield client

    @contextmanager
    def _told(self, distributed: Any) -> Iterator[None]:
        """Turn the ways in which a cluster fails into one sentence each."""
        try:
            yield
        except distributed.KilledWorker as error:
            raise InputError(
                f"a shard lost its worker {error.allowed_failures + 1} times (killed or out of "
                "memory); run the same command again to continue, with fewer workers if memory "
                "is short"
            ) from None
        except (distributed.CancelledError, distributed.comm.CommClosedError):
            raise InputError(
                f"the Dask scheduler {self.address or 'of this command'} went away; finished "
                "shards are kept, and the same command continues once a scheduler is running"
            ) from None
        except RuntimeError as error:
            if "deserialization of the task graph" not in str(error):
                raise
            raise InputError(
                f"the Dask scheduler {self.address} cannot read the shards; start it and its "
                "workers with the Python environment of this command"
            ) from None


@contextmanager
def _existing_cluster(address: str) -> Iterator[Any]:
    try:
        client = cluster_package("distributed").Client(address)
    except (OSError, ValueError) as error:
        raise InputError(
            f"executor.address={address}: no Dask scheduler answers ({error}); start one with "
            "`dask scheduler` or correct the address"
        ) from None
    with client:
        yield client


def _leave_interrupts_to_the_command() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run_in(folder: Path, function: Callable[[Any], Any], job: Any) -> Any:
    """Run a job where the command was started, for a job may hold relative paths."""
    try:
        os.chdir(folder)
    except OSError:
        raise InputError(
            f"a Dask worker on {os.uname().nodename} does not see {folder}; start the command and "
            "its workers in a folder that all of them share"
        ) from None
    return function(job)
