"""Jobs on a Dask cluster: one of our own on this machine, or one that is already running."""

import logging
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.runtime.executors.local import cluster_package, interrupts_held

_START_S = 120
"""For a worker to start: one that is slow to import lives, one that never comes is told."""
_CLOSE_S = 30
"""For workers to end by themselves; Dask takes 9 s where all is well."""


@dataclass(frozen=True)
class Dask:
    """Jobs on the workers of a Dask scheduler, which gives those of a lost worker to another.

    Attributes:
        workers: processes of one thread to start here; None takes one per core. Without meaning
            for an existing scheduler.
        address: of an existing scheduler, ``tcp://host:port``; its workers must have this package
            and see the current folder. While it has none, jobs wait: workers may stand in a queue.

    Raises:
        InputError: `workers` is below 1.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"executor.workers is {self.workers}; give 1 or more, or null")

    def __call__(
        self, function: Callable[[Any], Any], jobs: Sequence[Any]
    ) -> Generator[Any, None, None]:
        """Yield each job's result as it finishes, in any order.

        Raises:
            InputError: no package, no scheduler, the scheduler went away, no worker starts, or a
                job lost every worker that tried it; finished jobs are kept by whoever consumes
                them.
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
        patience = {
            "distributed.scheduler.no-workers-timeout": _START_S,  # else jobs wait for ever
            "distributed.deploy.lost-worker-timeout": _START_S,  # until then it may start again
        }
        with ExitStack() as stack:
            stack.enter_context(cluster_package("dask").config.set(patience))
            with interrupts_held():
                cluster = _local_cluster(min(self.workers or len(os.sched_getaffinity(0)), jobs))
                stack.callback(_end, cluster)
            client = distributed.Client(cluster)
            stack.callback(_close, client)
            yield client

    @contextmanager
    def _told(self, distributed: Any) -> Iterator[None]:
        """Turn the ways in which a cluster fails into one sentence each."""
        scheduler = distributed.scheduler
        try:
            yield
        except distributed.KilledWorker as error:
            raise InputError(
                f"a shard lost its worker {error.allowed_failures + 1} times (killed or out of "
                "memory); run the same command again to continue, with fewer workers if memory "
                "is short"
            ) from None
        except (scheduler.NoWorkerError, scheduler.NoValidWorkerError):
            raise InputError(
                f"the Dask scheduler {self.address or 'of this command'} has lost all workers and "
                "got no new one; finished shards are kept, run the same command again to continue"
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


def _local_cluster(workers: int) -> Any:
    try:
        return cluster_package("distributed").LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,  # shards are small; a paused worker would wait for ever
            death_timeout=_START_S,
            dashboard_address="127.0.0.1:0",  # even without a dashboard it takes a port
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        )
    except Exception as error:  # of any kind: a worker that is late fails an assertion of Dask's
        raise InputError(
            f"the workers of the Dask cluster do not start ({error!r}); choose a smaller "
            "executor.workers, or executor=processes"
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
    try:
        yield client
    finally:
        _close(client)


def _close(connection: Any) -> None:
    """Close a client or a cluster; by itself Dask would wait for every answer, however long."""
    with suppress(TimeoutError):
        connection.close(timeout=_CLOSE_S)


def _end(cluster: Any) -> None:
    """Close a cluster, and kill the workers that are left."""
    nannies = list(cluster.workers.values())
    _close(cluster)
    for pid in filter(None, (nanny.pid for nanny in nannies)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


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
