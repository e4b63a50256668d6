"""Which jobs of a Slurm queue are over, whatever the accounting says."""

import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from sem3d.errors import InputError

_LOOK_S = 30
"""Between two looks at the queue, which is a question to Slurm's busiest server."""
_SILENT_S = 600
"""A restart of that server may take minutes."""


@dataclass
class SlurmWatch:
    """Tells a job that has ended, with a result or without.

    submitit asks the accounting, which some clusters do not have, and takes a job that was
    preempted for good as one that comes back: it would wait for ever. A job that two looks at the
    queue do not find is over.
    """

    _missed: dict[str, int] = field(default_factory=dict)
    _looked: float = field(default_factory=time.monotonic)
    _heard: float = field(default_factory=time.monotonic)

    def __call__(self, job: Any) -> bool:
        """Return whether `job` is over.

        Raises:
            InputError: Slurm has not answered for long.
        """
        self._missed.setdefault(job.job_id, 0)
        if time.monotonic() - self._looked > _LOOK_S:
            self._look()
        return job.done() or self._missed[job.job_id] > 1

    def _look(self) -> None:
        self._looked = time.monotonic()
        ask = ["squeue", "--me", "--noheader", "--format=%i"]
        try:
            told = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            if self._looked - self._heard > _SILENT_S:
                raise InputError(
                    f"Slurm does not answer ({error}); when squeue works again and shows no job "
                    "sem3d of yours, run the same command again to continue"
                ) from None
            return
        self._heard = self._looked
        queued = set(told.stdout.split())
        for job_id, missed in self._missed.items():
            self._missed[job_id] = 0 if job_id in queued else missed + 1
