"""Tells on the console how the jobs of a running sweep start and end, wherever they run."""

import threading
import time
from contextlib import suppress
from typing import Final

from sem3d.errors import InputError
from sem3d.report.sweeps.outcomes import Sweep, read_sweep
from sem3d.report.sweeps.status import time_left
from sem3d.runtime.sweeps.folder import Job, SweepFolder
from sem3d.runtime.times import told_time

EVERY_S: Final = 1.0


class Teller:
    """A thread that watches the files of a sweep and prints one line per start and end.

    Args:
        folder: the sweep's folder, with its plan.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self._seen = {job.name: (job.state, job.record.attempts) for job in folder.jobs()}
        self._at_once = 1
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell what has not been told and end."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_S):
            self._look()
        self._look()

    def _look(self) -> None:
        with suppress(InputError):  # a damaged file is told at the end
            for number, job in enumerate(self.folder.jobs(), 1):
                now = job.state, job.record.attempts
                if now != self._seen[job.name]:
                    self._seen[job.name] = now
                    running = sum(state == "running" for state, _ in self._seen.values())
                    self._at_once = max(self._at_once, running)
                    print(f"[{number}/{len(self._seen)}] {self._line(job)}", flush=True)

    def _line(self, job: Job) -> str:
        record = job.record
        if record.state == "running":
            again = f", attempt {record.attempts}" if record.attempts > 1 else ""
            return f"{job.name}: starts{again}, log in {job.folder / 'job.log'}"
        sweep = read_sweep(self.folder.path)
        (one,) = (one for one in sweep.outcomes if one.job.name == job.name)
        score = f", {sweep.plan.monitor} {one.score:.4g}" if one.best else ""
        reason = f" ({record.reason})" if record.reason else ""
        ended = f"{job.state} after {told_time(record.seconds)}"
        return f"{job.name}: {ended}{score}{reason}{self._left(sweep)}"

    def _left(self, sweep: Sweep) -> str:
        """What remains, with as many jobs at a time as have been seen."""
        count = len(sweep.of("running", "waiting", "interrupted"))
        time_s = time_left(sweep, time.time(), self._at_once)
        return f"; {count} to finish, about {told_time(time_s)}" if count and time_s else ""
