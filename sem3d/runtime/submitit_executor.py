"""Jobs in a Slurm queue through submitit, or the same on this machine."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.runtime.executors import cluster_package

CLUSTERS = ("auto", "local", "slurm")
_POLL_S = 0.2
"""Between two looks at the queue; submitit itself asks Slurm much less often."""


@dataclass(frozen=True)
class Submitit:
    """Jobs of several shards each, submitted again when they are killed.

    Attributes:
        folder: of logs, seen by every node; it is removed when all went well.
        cluster: ``slurm``, ``local`` or ``auto``, Slurm where there is ``srun``.
        shards_per_job: shards that one job of the queue writes.
        jobs: of the queue at a time; None submits all on Slurm, one per core on this machine.
        partition: of Slurm; None takes its default.
        time_min: limit of one job [min].
        cpus: of one job.
        mem_gb: memory of one job [GB].
        retries: further attempts of a job that was killed, preempted or out of time.

    Raises:
        InputError: unknown cluster, or a number out of range.
    """

    folder: str
    cluster: str = "auto"
    shards_per_job: int = 8
    jobs: int | None = None
    partition: str | None = None
    time_min: int = 120
    cpus: int = 1
    mem_gb: float = 4
    retries: int = 2

    def __post_init__(self) -> None:
        if self.cluster not in CLUSTERS:
            raise InputError(f"executor.cluster is {self.cluster!r}; give {', '.join(CLUSTERS)}")
        for name in ("shards_per_job", "jobs", "time_min", "cpus", "mem_gb"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"executor.{name} is {value}; give a positive number")

    def __call__(self, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        """Yield each job's result as its job of the queue finishes, in any order.

        Raises:
            InputError: no package, no Slurm, Slurm refuses the settings, or a job was killed too
                often; finished jobs are kept by whoever consumes them.
        """
        if not jobs:
            return
        parent = Path(self.folder)
        parent.mkdir(parents=True, exist_ok=True)
        logs = Path(tempfile.mkdtemp(dir=parent))
        step = self.shards_per_job
        groups = [list(jobs[i : i + step]) for i in range(0, len(jobs), step)]
        yield from self._finished(self._queue(logs), function, groups, logs)
        shutil.rmtree(logs)

    def _queue(self, logs: Path) -> Any:
        submitit = cluster_package("submitit")
        cluster = None if self.cluster == "auto" else self.cluster
        try:
            queue = submitit.AutoExecutor(logs, cluster=cluster)
        except RuntimeError as error:
            raise InputError(
                f"executor.cluster={self.cluster}: {error}; run this where srun is, or with "
                "executor.cluster=local"
            ) from None
        queue.update_parameters(
            name="sem3d",
            timeout_min=self.time_min,
            cpus_per_task=self.cpus,
            mem_gb=self.mem_gb,
            slurm_partition=self.partition,
        )
        return queue

    def _finished(
        self, queue: Any, function: Callable[[Any], Any], groups: list[list[Any]], logs: Path
    ) -> Iterator[Any]:
        """Keep the queue filled, and yield the results of `groups`."""
        at_a_time = self.jobs or (
            len(groups) if queue.cluster == "slurm" else len(os.sched_getaffinity(0))
        )
        waiting = [(group, 0) for group in reversed(groups)]
        running: dict[Any, tuple[list[Any], int]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < at_a_time:
                    group, attempt = waiting.pop()
                    running[_submit(queue, function, group)] = group, attempt
                time.sleep(_POLL_S)
                for job in [job for job in running if job.done()]:
                    group, attempt = running.pop(job)
                    outcome = _outcome(job)
                    if outcome is not None:
                        yield from _results(outcome)
                    elif attempt < self.retries:
                        waiting.append((group, attempt + 1))
                    else:
                        raise InputError(_lost(job, attempt + 1, logs))
        finally:
            _cancel(running)


def _submit(queue: Any, function: Callable[[Any], Any], group: list[Any]) -> Any:
    utils = cluster_package("submitit.core.utils")
    try:
        return queue.submit(_run_group, function, group)
    except (utils.FailedJobError, utils.FailedSubmissionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"Slurm refuses the job ({reason}); correct executor.*") from None


def _run_group(function: Callable[[Any], Any], group: list[Any]) -> tuple[list[Any], Any]:
    """In a job: return the results, and the error that ended them or None."""
    results = []
    for job in group:
        try:
            results.append(function(job))
        except Exception as error:  # submitit would return its text only
            return results, error
    return results, None


def _outcome(job: Any) -> tuple[list[Any], Any] | None:
    """Return what `_run_group` returned, or None when the job failed outside of it."""
    utils = cluster_package("submitit.core.utils")
    try:
        outcome: tuple[list[Any], Any] = job.result()
    except utils.UncompletedJobError:
        return None
    return outcome


def _results(outcome: tuple[list[Any], Any]) -> Iterator[Any]:
    results, error = outcome
    yield from results
    if error is not None:
        raise error


def _lost(job: Any, attempts: int, logs: Path) -> str:
    return (
        f"job {job.job_id} was killed or out of time, the last of {attempts} attempts; see its "
        f"log in {logs}, then run the same command again to continue, with more "
        "executor.time_min or executor.mem_gb if that was the reason"
    )


def _cancel(running: dict[Any, Any]) -> None:
    """Take what is left out of the queue, so that nobody writes when the command has ended."""
    for job in running:
        job.cancel(check=False)
    for job in running:
        if (process := getattr(job, "_process", None)) is not None:  # of this machine
            process.wait()
