"""One job of a sweep: a supervised process of its own, recorded however it ends.

A Lightning process started for another rank would otherwise run the whole sweep again, GPU memory
and loggers would leak from job to job, and one crash would end them all.
"""

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.locks import Lock
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps import lifeline, process
from sem3d.runtime.sweeps.environment import Room, environment, room
from sem3d.runtime.sweeps.folder import (
    Record,
    State,
    SweepFolder,
    read_record,
    write_record,
)
from sem3d.runtime.sweeps.outcome import last_words, outcome
from sem3d.runtime.sweeps.plan import pairs
from sem3d.runtime.times import seconds, told_time

OURS: Final = ("folder", "name", "fresh", "hydra.mode")
"""Settings that the sweep gives to its jobs, or keeps from them."""
HANDOVER_S: Final = 2 * lifeline.GRACE_S
"""For the job of a sweep that was killed to save and stop."""


def run_job(command: str, cfg: Mapping[str, Any], hydra_config: Any) -> State:
    """Run one job as ``python -m sem3d.<command>``; a failure is recorded, not raised.

    Args:
        command: name of the command, e.g. "train".
        cfg: the job's configuration.
        hydra_config: Hydra's own node in it.

    Returns:
        How the job stands now.

    Raises:
        KeyboardInterrupt: Ctrl-C; the job has saved and stopped.
    """
    sweep = SweepFolder(Path(hydra_config.sweep.dir))
    plan, given = sweep.plan(), pairs(hydra_config.overrides.task)
    values = {key: given[key] for key in plan.parameters}
    name = next(name for name, job in plan.jobs.items() if job == values)
    lock = Lock(sweep.path / name / "job.lock")
    try:
        with lock.held(lambda: print(f"{name}: waits for its earlier process"), HANDOVER_S):
            _run(command, cfg, hydra_config, sweep, lock)
    except TimeoutError:
        print(f"{name}: left to process {read_record(lock.path.parent).pid}, which still runs it")
    except _Gone:
        pass
    if _is_orphan(sweep):
        os._exit(1)  # a worker of joblib would wait for ever to tell its result to nobody
    return sweep.job(name, values).state


class _Gone(Exception):  # noqa: N818
    """The sweep is gone; nothing more is to be started."""


def _run(
    command: str, cfg: Mapping[str, Any], hydra_config: Any, sweep: SweepFolder, lock: Lock
) -> None:
    """Run the job that holds `lock`, unless it is done; what is wrong with it alone is recorded."""
    folder = lock.path.parent

    def stay() -> None:
        if _is_orphan(sweep):
            raise _Gone

    try:
        if RunFolder(folder).is_done(cfg):
            _note_done(folder)
            return
        with room(cfg, hydra_config.launcher, sweep.path, stay) as has:
            stay()
            if not sweep.is_futile:
                call = _call(command, hydra_config, folder, has)
                _attempt(call, environment(cfg, has), cfg, sweep, lock, has)
    except (InputError, FileNotFoundError) as error:  # or somebody deletes its folder
        now, old = time.time(), read_record(folder)
        attempt = Record("failed", old.attempts + 1, now, now, old.seconds, os.uname().nodename)
        write_record(folder, replace(attempt, reason=" ".join(str(error).split())))


def _is_orphan(sweep: SweepFolder) -> bool:
    """Whether the sweep's command is gone; jobs of Slurm outlive it on purpose."""
    return "SLURM_JOB_ID" not in os.environ and not sweep.is_running


def _call(command: str, hydra_config: Any, folder: Path, has: Room) -> list[str]:
    """Return the command line of a job."""
    given = pairs(hydra_config.overrides.task)
    overrides = [f"{key}={value}" for key, value in given.items() if key not in OURS]
    overrides += [f"folder={_quoted(str(folder))}", f"name={_quoted(folder.name)}"]
    if has.gpus:
        overrides.append(f"trainer.devices={len(has.gpus)}")
    sources = hydra_config.runtime.config_sources
    own = [s.path for s in sources if s.provider == "command-line"]  # --config-dir
    where = ["--config-dir", own[0]] if own else []
    return [sys.executable, "-m", f"sem3d.{command}", *where, *overrides, "hydra.mode=RUN"]


def _attempt(
    call: Sequence[str],
    around: Mapping[str, str],
    cfg: Mapping[str, Any],
    sweep: SweepFolder,
    lock: Lock,
    has: Room,
) -> None:
    """Run the job's process and write down how it ended."""
    folder = lock.path.parent
    limit = seconds(cfg["sweep"]["timeout"], "sweep.timeout")
    old, began = read_record(folder), time.time()
    with (folder / "job.log").open("ab") as log:
        spent = old.seconds
        if old.state == "running" and old.started:  # its supervisor was killed
            spent += max(0.0, os.fstat(log.fileno()).st_mtime - old.started)
        log.write(f"--- attempt {old.attempts + 1}, {time.ctime(began)}\n".encode())
        log.flush()
        start = log.tell()
        with process.started(call, around, log, [lock, *has.gpus]) as running:
            record = Record(
                "running", old.attempts + 1, began, None, spent, os.uname().nodename,
                running.pid, has.names,
            )  # fmt: skip
            write_record(folder, record)
            try:
                status = process.wait(running, limit, lambda: _is_orphan(sweep))
            except KeyboardInterrupt:
                write_record(folder, _ended(record, "interrupted", running.returncode))
                raise
    words = last_words(folder / "job.log", start)
    if status is None:
        told = f"stopped at sweep.timeout, {told_time(limit)}; start the sweep again to continue it"
        write_record(folder, _ended(record, "failed", running.returncode, told))
    else:
        ended = outcome(status, RunFolder(folder).is_done(cfg), words)
        write_record(folder, _ended(record, ended[0], status, *ended[1:]))


def _note_done(folder: Path) -> None:
    """Write down that a job is done which finished after its supervisor was killed."""
    record = read_record(folder)
    if record.state == "running":
        finished = (folder / "done.json").stat().st_mtime
        write_record(folder, _ended(record, "done", 0, now=finished))
    elif record.state != "done":  # it finished while it was being stopped
        write_record(folder, replace(record, state="done", status=0, reason="", traceback=""))


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


def _quoted(value: str) -> str:
    """Quote a value for Hydra's override grammar, where a backslash escapes quotes only."""
    return "'" + re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), value) + "'"
