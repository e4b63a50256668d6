"""Tells on the console how the jobs of a running sweep start and end, wherever they run."""

import threading
import time
from typing import Final

from sem3d.report.sweeps.outcomes import Sweep, read_sweep
from sem3d.report.sweeps.status import time_left
from sem3d.runtime.sweeps.folder import Record, SweepFolder, read_record
from sem3d.runtime.times import told_time

EVERY_S: Final = 1.0


class Teller:
    """A thread that watches the files of a sweep and prints one line per start and end.

    Args:
        folder: the sweep's folder, with its plan.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.folder, self.plan = folder, folder.plan()
        self._seen = {name: read_record(folder.path / name) for name in self.plan.jobs}
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
        for number, name in enumerate(self.plan.jobs, 1):
            record = read_record(self.folder.path / name)
            if record != self._seen[name]:
                self._seen[name] = record
                running = sum(one.state == "running" for one in self._seen.values())
                self._at_once = max(self._at_once, running)
                print(f"[{number}/{len(self.plan.jobs)}] {self._line(name, record)}", flush=True)

    def _line(self, name: str, record: Record) -> str:
        if record.state == "running":
            again = f", attempt {record.attempts}" if record.attempts > 1 else ""
            return f"{name}: starts{again}, log in {self.folder.path / name / 'job.log'}"
        sweep = read_sweep(self.folder.path)
        (one,) = (one for one in sweep.outcomes if one.job.name == name)
        score = f", {self.plan.monitor} {one.score:.4g}" if one.best else ""
        reason = f" ({record.reason})" if record.reason else ""
        ended = f"{one.job.state} after {told_time(record.seconds)}"
        return f"{name}: {ended}{score}{reason}{self._left(sweep)}"

    def _left(self, sweep: Sweep) -> str:
        """What remains, with as many jobs at a time as have been seen."""
        count = len(sweep.of("running", "waiting", "interrupted"))
        time_s = time_left(sweep, time.time(), self._at_once)
        return f"; {count} to finish, about {told_time(time_s)}" if count and time_s else ""
