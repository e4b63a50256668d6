"""The folder of a sweep: its plan, its lock, and what is known of every job.

``sweep.json`` holds the plan. Every job has a run folder of its own, in which its supervisor keeps
``job.json``, ``job.log`` and ``job.lock`` beside the files of the run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, Literal

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.locks import Lock, is_locked

State = Literal["waiting", "running", "interrupted", "failed", "done", "halved"]
PLAN: Final = "sweep.json"
LONGEST: Final = 5
"""Differences told in one message."""
ALIKE: Final = 3
"""Jobs that fail alike before the rest is not tried."""


@dataclass(frozen=True)
class Plan:
    """What a sweep runs.

    Attributes:
        name: of the sweep.
        command: the command line that started it.
        parameters: values of every swept setting, as written in overrides.
        jobs: by name, the values of the swept settings.
        base: plain configuration of the first job, without what may change between two starts.
        monitor: the logged score that decides.
        mode: "max" or "min".
    """

    name: str
    command: str
    parameters: dict[str, list[str]]
    jobs: dict[str, dict[str, str]]
    base: dict[str, Any]
    monitor: str
    mode: str


@dataclass(frozen=True)
class Record:
    """What a supervisor writes down about its job, in ``job.json``.

    Attributes:
        state: how the job stands; "running" in a file whose lock is free means that it was killed.
        attempts: how often it was started.
        started: begin of the last attempt [s since 1970].
        ended: its end, None while it runs.
        seconds: run time of all finished attempts [s].
        host: where it ran.
        pid: process of the last attempt.
        devices: GPUs it had.
        status: exit status.
        reason: why it failed or stopped, one sentence.
        traceback: of a defect.
    """

    state: State
    attempts: int = 0
    started: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    host: str = ""
    pid: int | None = None
    devices: Sequence[str] = ()
    status: int | None = None
    reason: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Job:
    """One job as its files tell it.

    Attributes:
        name: of the job and its folder.
        values: of the swept settings, as written in overrides.
        folder: its run folder.
        record: its supervisor's notes, with the state as it is now.
        done: what ``done.json`` holds, empty before.
    """

    name: str
    values: Mapping[str, str]
    folder: Path
    record: Record
    done: Mapping[str, Any]

    @property
    def state(self) -> State:
        """How the job stands now."""
        return self.record.state

    @property
    def has_trained(self) -> bool:
        """Whether a training ever began."""
        return bool(_json(self.folder / "run.json").get("attempts"))


class SweepFolder:
    """The files of one sweep.

    Args:
        path: ``outputs/sweeps/<name>``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, plan: Plan, *, extend: bool, fresh: bool) -> Lock:
        """Take the folder for `plan` and write the plan down.

        Args:
            plan: what is to run.
            extend: the plan may have other values of the swept settings; its jobs are added.
            fresh: delete the jobs that are there.

        Returns:
            The folder's lock, held until it is released or the process ends.

        Raises:
            InputError: another sweep runs here, or was planned with other settings.
        """
        lock = Lock(self.path / "sweep.lock")
        if not lock.take():
            raise InputError(
                f"{self.path} is in use by another sweep command; wait for it, or give "
                "sweep.name=... for a second sweep"
            )
        try:
            started = any(self.path.glob("*/job.lock"))
            if fresh:
                self._clear()
            elif started and (old := self.known()):
                plan = self._agreed(old, plan, extend)
            write_atomic(self.path / PLAN, json.dumps(asdict(plan), indent=2))
        except BaseException:
            lock.release()
            raise
        return lock

    @property
    def is_running(self) -> bool:
        """Whether a sweep command holds the folder on this machine."""
        return is_locked(self.path / "sweep.lock")

    @property
    def is_futile(self) -> bool:
        """Whether all jobs since the last start failed alike before they trained.

        If there were several and every swept setting has had two values, the rest would do the
        same: a dataset is missing, say.
        """
        began = (self.path / PLAN).stat().st_mtime
        tried = [job for job in self.jobs() if (job.record.started or 0) > began]
        if len(tried) < ALIKE or len({job.record.reason for job in tried}) > 1:
            return False
        if any(job.state != "failed" or job.has_trained for job in tried):
            return False
        swept = [{job.values[key] for job in tried} for key in self.plan().parameters]
        return all(len(values) > 1 for values in swept)

    def known(self) -> Plan | None:
        """Return the plan, None where there is none yet.

        Raises:
            InputError: it is damaged.
        """
        return self.plan() if (self.path / PLAN).is_file() else None

    def plan(self) -> Plan:
        """Read the plan.

        Raises:
            InputError: there is none, or it is damaged.
        """
        path = self.path / PLAN
        try:
            return Plan(**json.loads(path.read_text()))
        except FileNotFoundError:
            others = sorted(p.parent.name for p in self.path.parent.glob(f"*/{PLAN}"))
            known = f"; there are: {', '.join(others)}" if others else ""
            raise InputError(f"{self.path} holds no sweep{known}") from None
        except (ValueError, TypeError) as error:
            raise InputError(f"{path} is damaged ({error}); delete it and start again") from None

    def jobs(self) -> list[Job]:
        """Return every planned job as its files tell it, in the order of the plan."""
        return [self.job(name, values) for name, values in self.plan().jobs.items()]

    def job(self, name: str, values: Mapping[str, str]) -> Job:
        """Return one job as its files tell it."""
        folder = self.path / name
        done = _json(folder / "done.json")
        record = read_record(folder)
        state: State = record.state
        if state == "running" and not is_locked(folder / "job.lock"):  # its supervisor was killed
            state = "done" if _is_newer(folder / "done.json", record) else "interrupted"
        if state == "done" and done.get("halved"):
            state = "halved"
        return Job(name, values, folder, Record(**{**asdict(record), "state": state}), done)

    def _agreed(self, old: Plan, plan: Plan, extend: bool) -> Plan:
        """Return the plan to go on with, old jobs first, or refuse one that differs.

        Jobs keep their names when the settings come in another order.
        """
        changed = differences(old.base, plan.base)
        if plan.parameters.keys() != old.parameters.keys() or not extend:
            for key in [*old.parameters, *(k for k in plan.parameters if k not in old.parameters)]:
                was, now = old.parameters.get(key, []), plan.parameters.get(key, [])
                if sorted(was) != sorted(now):
                    changed[key] = ",".join(was) or "not swept", ",".join(now) or "not swept"
        if changed:
            told = [f"{k} was {a} and is {b}" for k, (a, b) in changed.items()]
            more = f" and {len(told) - LONGEST} more" if len(told) > LONGEST else ""
            values = old.parameters.keys() == plan.parameters.keys() >= changed.keys()
            add = "sweep.extend=true to add values, " if values else ""
            raise InputError(
                f"{self.path} holds another sweep: {', '.join(told[:LONGEST])}{more}; "
                f"give sweep.name=... for a second sweep, {add}or fresh=true to replace it"
            )
        united = {
            key: list(dict.fromkeys([*old.parameters[key], *plan.parameters[key]]))
            for key in plan.parameters
        }
        known = list(old.jobs.values())
        jobs = old.jobs | {name: job for name, job in plan.jobs.items() if job not in known}
        return Plan(**{**asdict(plan), "parameters": united, "jobs": jobs})

    def _clear(self) -> None:
        jobs = [lock.parent for lock in self.path.glob("*/job.lock")]
        for job in jobs:
            if is_locked(job / "job.lock"):
                raise InputError(f"{job} still runs; wait for it or end it")
        for job in jobs:
            rmtree(job)


def read_record(folder: Path) -> Record:
    """Return a job's notes; "waiting" when it never started.

    Raises:
        InputError: they are damaged.
    """
    path = folder / "job.json"
    try:
        return Record(**({"state": "waiting"} | _json(path)))
    except TypeError as error:
        raise InputError(f"{path} is damaged ({error}); delete it") from None


def write_record(folder: Path, record: Record) -> None:
    """Write a job's notes, whole or not at all."""
    write_atomic(folder / "job.json", json.dumps(asdict(record), indent=2))


def differences(old: Any, new: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """Return the leaves in which two plain configurations differ, by dotted key; None is absent."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found: dict[str, tuple[Any, Any]] = {}
        for name in [*old, *(n for n in new if n not in old)]:
            found |= differences(old.get(name), new.get(name), f"{key}.{name}".lstrip("."))
        return found
    return {} if old == new else {key: (old, new)}


def _is_newer(path: Path, record: Record) -> bool:
    """Whether the last attempt has written a file."""
    return path.is_file() and path.stat().st_mtime > (record.started or 0)


def _json(path: Path) -> dict[str, Any]:
    """Read a file that is written atomically; empty while it is not there."""
    try:
        return {**json.loads(path.read_text())}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}); delete it") from None
