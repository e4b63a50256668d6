"""Jobs in a Slurm queue through submitit, or the same on this machine."""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.runtime.executors.local import cluster_package, interrupts_held
from sem3d.runtime.executors.slurm_watch import SlurmWatch

CLUSTERS = ("auto", "local", "slurm")
_POLL_S = 0.2
"""Between two looks at the queue; submitit itself asks Slurm much less often."""
_ROOM_BYTES = 2**16
"""Less than this on the disk of the logs is a full disk."""


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

    def __call__(
        self, function: Callable[[Any], Any], jobs: Sequence[Any]
    ) -> Generator[Any, None, None]:
        """Yield each job's result as its job of the queue finishes, in any order.

        Raises:
            InputError: no package, no Slurm, Slurm refuses the settings or no longer answers, or a
                job was killed too often; finished jobs are kept by whoever consumes them.
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
    ) -> Generator[Any, None, None]:
        """Keep the queue filled, and yield the results of `groups`."""
        on_slurm = queue.cluster == "slurm"
        at_a_time = self.jobs or (len(groups) if on_slurm else len(os.sched_getaffinity(0)))
        is_over = SlurmWatch() if on_slurm else methodcaller("done")
        waiting = [(group, 0) for group in reversed(groups)]
        running: dict[Any, tuple[list[Any], int]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < at_a_time:
                    group, attempt = waiting.pop()
                    running[_submit(queue, function, group)] = group, attempt
                time.sleep(_POLL_S)
                for job in [job for job in running if is_over(job)]:
                    group, attempt = running.pop(job)
                    results, error = _outcome(job)
                    yield from results
                    if error is not None:
                        raise error
                    attempt = 1 if results else attempt + 1
                    if rest := group[len(results) :]:
                        if attempt > self.retries:
                            raise _lost(job, attempt, logs)
                        waiting.append((rest, attempt))
        finally:
            _cancel(running)


def _submit(queue: Any, function: Callable[[Any], Any], group: list[Any]) -> Any:
    utils = cluster_package("submitit.core.utils")
    command = None if queue.cluster == "slurm" else os.getpid()
    try:
        with interrupts_held():
            return queue.submit(_run_group, function, group, command)
    except (utils.FailedJobError, utils.FailedSubmissionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"Slurm refuses the job ({reason}); correct executor.*") from None


def _run_group(
    function: Callable[[Any], Any], group: list[Any], command: int | None
) -> tuple[list[Any], Any]:
    """In a job: return the results, and the error that ended them or None.

    Args:
        function: of one job of the group.
        group: the jobs.
        command: the process to end with, where it is on this machine.
    """
    if command is not None:
        threading.Thread(target=_end_with, args=(command,), daemon=True).start()
    results = []
    for job in group:
        try:
            results.append(function(job))
        except cluster_package("submitit.core.utils").UncompletedJobError:
            break  # out of time: another job does the rest
        except Exception as error:  # submitit would return its text only
            return results, error
    return results, None


def _end_with(command: int) -> None:
    """End this process when `command` does, for nobody else would stop it."""
    while Path(f"/proc/{command}").exists():
        time.sleep(_POLL_S)
    os._exit(1)


def _outcome(job: Any) -> tuple[list[Any], Any]:
    """Return what `_run_group` returned, nothing when the job failed outside of it."""
    utils = cluster_package("submitit.core.utils")
    if not job.done():  # it left the queue without a result, and submitit would wait for one
        return [], None
    try:
        outcome: tuple[list[Any], Any] = job.result()
    except utils.UncompletedJobError:
        return [], None
    return outcome


def _lost(job: Any, attempts: int, logs: Path) -> Exception:
    if shutil.disk_usage(logs).free < _ROOM_BYTES:  # then neither result nor log could be written
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(logs))
    return InputError(
        f"job {job.job_id} was killed or out of time, the last of {attempts} attempts; see its "
        f"log in {logs}, then run the same command again to continue, with more "
        "executor.time_min or executor.mem_gb if that was the reason"
    )


def _cancel(running: dict[Any, Any]) -> None:
    """Take what is left out of the queue, so that nobody writes when the command has ended."""
    for job in running:
        process = getattr(job, "_process", None)
        if process is None:
            job.cancel(check=False)
        else:  # of this machine
            _kill(process)


def _kill(controller: "subprocess.Popen[bytes]") -> None:
    """Kill a job of this machine: the process that controls it and the one that works."""
    controller.send_signal(signal.SIGSTOP)  # it starts no work any more
    with suppress(FileNotFoundError, ProcessLookupError):
        listed = Path(f"/proc/{controller.pid}/task/{controller.pid}/children").read_text()
        for worker in map(int, listed.split()):
            os.kill(worker, signal.SIGKILL)
    controller.kill()
    controller.wait()
