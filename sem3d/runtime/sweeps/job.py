"""One job of a sweep: a supervised process of its own, recorded however it ends.

A Lightning process started for another rank would otherwise run the whole sweep again, GPU memory
and loggers would leak from job to job, and one crash would end them all.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.files import is_full
from sem3d.locks import Lock
from sem3d.runtime.names import override
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps import lifeline, process
from sem3d.runtime.sweeps.environment import Room, environment, room
from sem3d.runtime.sweeps.folder import (
    PLAN,
    Record,
    State,
    SweepFolder,
    read_record,
    write_record,
)
from sem3d.runtime.sweeps.outcome import last_words, outcome
from sem3d.runtime.sweeps.plan import pairs
from sem3d.runtime.sweeps.slots import is_queued
from sem3d.runtime.times import seconds, told_time

OURS: Final = ("folder", "name", "fresh", "hydra.mode")
"""Settings that the sweep gives to its jobs, or keeps from them."""
HANDOVER_S: Final = 2 * lifeline.GRACE_S
"""For the job of a sweep that was killed to save and stop."""


def run_job(command: str, settings: Callable[[], Mapping[str, Any]], hydra_config: Any) -> State:
    """Run one job as ``python -m sem3d.<command>``; a failure is recorded, not raised.

    Args:
        command: name of the command, e.g. "train".
        settings: returns the job's configuration, or raises `InputError`.
        hydra_config: Hydra's own node in it.

    Returns:
        How the job stands now.

    Raises:
        KeyboardInterrupt: Ctrl-C; the job has saved and stopped.
        OSError: the disk is full.
        InputError: the folder of the sweep was deleted.
    """
    sweep = SweepFolder(Path(hydra_config.sweep.dir))
    plan, given = sweep.plan(), pairs(hydra_config.overrides.task)
    values = {key: given[key] for key in plan.parameters}
    name = next(name for name, job in plan.jobs.items() if job == values)
    lock = Lock(sweep.path / name / "job.lock")
    is_orphan = partial(_is_orphan, sweep, hydra_config.launcher)
    try:
        with lock.held(lambda: print(f"{name}: waits for its earlier process"), HANDOVER_S):
            _run(_Assignment(command, settings, hydra_config, sweep, is_orphan), lock)
    except TimeoutError:
        print(f"{name}: left to process {read_record(lock.path.parent).pid}, which still runs it")
    except _Over:
        pass
    if is_orphan():
        if not (sweep.path / PLAN).is_file():
            raise InputError(f"{sweep.path} was deleted while its sweep ran; start it again")
        os._exit(1)  # a worker of joblib would wait for ever to tell its result to nobody
    return sweep.job(name, values).state


@dataclass(frozen=True)
class _Assignment:
    """What a job is to do, and for whom."""

    command: str
    settings: Callable[[], Mapping[str, Any]]
    hydra_config: Any
    sweep: SweepFolder
    is_orphan: Callable[[], bool]

    def stay(self) -> None:
        """Start nothing more for a sweep that is gone."""
        if self.is_orphan():
            raise _Over


class _Over(Exception):  # noqa: N818
    """This attempt is over, and nothing more is to be written down."""


def _run(task: _Assignment, lock: Lock) -> None:
    """Run the job that holds `lock`, unless it is done; what is wrong with it alone is recorded."""
    folder = lock.path.parent
    try:
        _close(folder)
        cfg = task.settings()
        if RunFolder(folder).is_done(cfg):
            _note_done(folder)
            return
        with room(cfg, task.hydra_config.launcher, task.sweep.path, task.stay) as has:
            task.stay()
            if not task.sweep.is_futile:
                _attempt(task, cfg, lock, has)
    except _Over:
        raise
    except Exception as error:
        if is_full(error):
            raise
        _note_refused(folder, error)


def _is_orphan(sweep: SweepFolder, launcher: Mapping[str, Any]) -> bool:
    """Whether the sweep's command is gone; jobs of Slurm outlive it on purpose."""
    return not (is_queued(launcher) or sweep.is_running)


def _call(command: str, hydra_config: Any, folder: Path, has: Room) -> list[str]:
    """Return the command line of a job."""
    given = pairs(hydra_config.overrides.task)
    overrides = [f"{key}={value}" for key, value in given.items() if key not in OURS]
    overrides += [override("folder", str(folder)), override("name", folder.name)]
    if has.gpus:
        overrides.append(f"trainer.devices={len(has.gpus)}")
    sources = hydra_config.runtime.config_sources
    own = [s.path for s in sources if s.provider == "command-line"]  # --config-dir
    where = ["--config-dir", own[0]] if own else []
    return [sys.executable, "-m", f"sem3d.{command}", *where, *overrides, "hydra.mode=RUN"]


def _attempt(task: _Assignment, cfg: Mapping[str, Any], lock: Lock, has: Room) -> None:
    """Run the job's process and write down how it ended."""
    folder, run = lock.path.parent, RunFolder(lock.path.parent)
    call = _call(task.command, task.hydra_config, folder, has)
    limit = seconds(cfg["sweep"]["timeout"], "sweep.timeout")
    old, began = read_record(folder), time.time()
    with (folder / "job.log").open("ab") as log:
        log.write(f"--- attempt {old.attempts + 1}, {time.ctime(began)}\n".encode())
        log.flush()
        start = log.tell()
        with process.started(call, environment(cfg, has), log, [lock, *has.gpus]) as running:
            record = Record(
                "running", old.attempts + 1, began, None, old.seconds, os.uname().nodename,
                running.pid, has.names,
            )  # fmt: skip
            write_record(folder, record)
            try:
                status = process.wait(running, limit, task.is_orphan)
            except BaseException as error:
                state: State = "done" if run.is_done(cfg) else "interrupted"
                write_record(folder, _ended(record, state, running.returncode))
                if isinstance(error, Exception):  # the time limit of a queue
                    raise _Over from None
                raise
    done, words = run.is_done(cfg), last_words(folder / "job.log", start)
    if status is None:
        told = f"stopped at sweep.timeout, {told_time(limit)}"
        told += ", after it was done" if done else "; start the sweep again to continue it"
        write_record(folder, _ended(record, "done" if done else "failed", running.returncode, told))
    else:
        ended = outcome(status, done, words)
        write_record(folder, _ended(record, ended[0], status, *ended[1:]))


def _close(folder: Path) -> None:
    """End the notes of an attempt whose supervisor was killed: it ran until its last output."""
    record, log = read_record(folder), folder / "job.log"
    if record.state == "running":
        last = log.stat().st_mtime if log.is_file() else record.started
        write_record(folder, _ended(record, "interrupted", None, now=last))


def _note_done(folder: Path) -> None:
    """Write down that a job is done which finished while it was stopped, or after its sweep."""
    record = read_record(folder)
    if record.state != "done":
        write_record(folder, replace(record, state="done", status=0, reason="", traceback=""))


def _note_refused(folder: Path, error: Exception) -> None:
    """Write down an attempt that was over before its process had started."""
    now, old = time.time(), read_record(folder)
    mended = isinstance(error, InputError | OSError)  # by the user
    told = str(error) if mended else f"{type(error).__name__}: {error}"
    trace = "" if mended else "".join(format_exception(error))
    attempt = Record("failed", old.attempts + 1, now, now, old.seconds, os.uname().nodename)
    write_record(folder, replace(attempt, reason=" ".join(told.split()), traceback=trace))


def _ended(
    record: Record,
    state: State,
    status: int | None,
    reason: str = "",
    traceback: str = "",
    now: float | None = None,
) -> Record:
    """Return the record of an attempt that ended now, or at the time `now` [s since 1970]."""
    now = now or time.time()
    return replace(
        record, state=state, status=status, reason=reason, traceback=traceback,
        ended=now, seconds=record.seconds + max(0.0, now - (record.started or now)),
    )  # fmt: skip
