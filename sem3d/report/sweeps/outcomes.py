"""What every job of a sweep has reached so far, from its files."""

import json
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, isfinite
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.report.sweeps.parameters import plain_keys
from sem3d.runtime.runs.logged import scan
from sem3d.runtime.sweeps.folder import Job, Plan, SweepFolder

Point = tuple[float, float]
"""Epoch, counted from 0, and score."""

ENDED: Final = ("done", "halved")
"""States of a job whose curve grows no more."""

KEPT: Final = 4096
"""Curves that are not read again while a sweep is followed."""


@dataclass(frozen=True)
class Outcome:
    """What one job has reached.

    Attributes:
        job: the job.
        points: epoch and score of every validation, NaN included, in order of training.
        epochs: epochs made so far.
        planned: epochs to make, None when they are not limited.
        progress: part of the epochs or steps to make that is made, 0 where the end is not known.
        best: first point with the best finite score, None when there is none.
        diverged: whether the score was NaN or infinite; a training loss that is fails the job.
        prepared: when the data were ready to train on [s since 1970], None before.
        note: what is wrong: reason of a failure, early stop, divergence, damage.
    """

    job: Job
    points: tuple[Point, ...]
    epochs: int
    planned: int | None
    progress: float
    best: Point | None
    diverged: bool
    prepared: float | None
    note: str

    @property
    def score(self) -> float | None:
        """The best score; None when there is none."""
        return self.best[1] if self.best else None


@dataclass(frozen=True)
class Sweep:
    """A sweep and what its jobs have reached.

    Attributes:
        path: its folder.
        plan: what it runs, with plain keys.
        is_running: whether a sweep command holds the folder.
        outcomes: of all planned jobs, in the order of the plan.
    """

    path: Path
    plan: Plan
    is_running: bool
    outcomes: tuple[Outcome, ...]

    @property
    def higher(self) -> bool:
        """Whether a higher score is better."""
        return self.plan.mode == "max"

    @property
    def ranked(self) -> list[Outcome]:
        """Outcomes with a score, best first."""
        found = [one for one in self.outcomes if one.best]
        return sorted(found, key=lambda one: one.score or 0.0, reverse=self.higher)

    def of(self, *states: str) -> list[Outcome]:
        """Outcomes of the jobs in these states."""
        return [one for one in self.outcomes if one.job.state in states]


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's folder.

    Raises:
        InputError: it holds no sweep, or one of its own files is damaged. Damaged lines of a
            curve stand in the note of a job that has ended; its score is of the others.
    """
    folder = SweepFolder(path)
    plan = plain_keys(folder.plan())
    outcomes = [_outcome(plan, folder.job(name, v)) for name, v in plan.jobs.items()]
    return Sweep(path, plan, folder.is_running, tuple(outcomes))


def seconds(one: Outcome, now: float) -> float:
    """Return the run time of all attempts of a job [s].

    An attempt that was killed counts until the last change of its log.

    Args:
        one: what the job has reached.
        now: time [s since 1970] until which a running job counts.
    """
    record = one.job.record
    if record.started is None or record.ended is not None:
        return record.seconds
    end = now if record.state == "running" else _changed(one.job.folder / "job.log")
    return record.seconds + max(0.0, (end or 0.0) - record.started)


def trained_seconds(one: Outcome, now: float) -> float:
    """Return the run time of a job [s] without that before its data were ready."""
    used = seconds(one, now)
    if one.prepared is None or one.job.record.started is None:
        return used
    return used - min(used, max(0.0, one.prepared - one.job.record.started))


def run_config(job: Job) -> dict[str, Any]:
    """Return the configuration of a run that was started, empty before.

    Raises:
        InputError: the run's file is damaged.
    """
    path = job.folder / "run.json"
    try:
        return json.loads(path.read_text())["config"]
    except FileNotFoundError:
        return {}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error!r}); delete the folder {job.folder}") from None


@dataclass(frozen=True)
class _Curve:
    """What ``metrics.csv`` tells: points, what is made, where it diverged, damaged lines."""

    points: tuple[Point, ...] = ()
    epochs: int = 0
    steps: int = 0
    diverged: float | None = None
    damaged: int = 0


def _outcome(plan: Plan, job: Job) -> Outcome:
    path = job.folder / "metrics.csv"
    try:
        stamp = path.stat()
        curve = _curve(path, (stamp.st_mtime_ns, stamp.st_size), plan.monitor)
        damage = f"{path} has damaged lines: {curve.damaged}" if curve.damaged else ""
    except FileNotFoundError:
        curve, damage = _Curve(), f"{path} is missing"
    sign = 1 if plan.mode == "max" else -1
    finite = [point for point in curve.points if isfinite(point[1])]
    best = max(finite, key=lambda point: sign * point[1], default=None)
    halved = job.done.get("halved")
    stopped = f"stopped after {told_epochs(int(halved['epoch']))}" if halved else ""
    diverged = "" if curve.diverged is None else f"diverged in epoch {curve.diverged:g}"
    # a run that goes on may be in the middle of a line, or repeat one that a kill cut
    notes = (job.record.reason, stopped, diverged, damage if job.state in ENDED else "")
    note, way = "; ".join(filter(None, notes)), _way(plan, job, curve)
    prepared = _changed(job.folder / "statistics.json")
    return Outcome(job, curve.points, curve.epochs, *way, best, bool(diverged), prepared, note)


def told_epochs(count: int) -> str:
    """Return a number of epochs in words."""
    return "1 epoch" if count == 1 else f"{count} epochs"


def _changed(path: Path) -> float | None:
    """Return the last change of a file [s since 1970], None where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


@lru_cache(maxsize=KEPT)
def _curve(path: Path, stamp: tuple[int, int], monitor: str) -> _Curve:
    """Read a curve, once for each state of its file; lines that are no rows are passed over."""
    del stamp
    logged, damaged = scan(path)
    points = tuple(point for (_, name), point in sorted(logged.items()) if name == monitor)
    epochs = 1 + max((epoch for epoch, _ in logged.values()), default=-1)
    steps = max((step for step, _ in logged), default=0)
    lost = (epoch for epoch, score in points if not isfinite(score))
    return _Curve(points, epochs, steps, min(lost, default=None), len(damaged))


def _way(plan: Plan, job: Job, curve: _Curve) -> tuple[int | None, float]:
    """Return the epochs a job is to make, at its steps per epoch so far, and the part it has made.

    Its limits are those with which it ended, was started or is planned; the one it meets first
    decides.
    """
    ends = job.done.get("ends")
    if not ends and job.state != "waiting":
        ends = run_config(job).get("trainer")  # an experiment may set its own
    ends = ends or plan.base.get("trainer", {})
    epochs, steps = (
        _limit(job.values.get(f"trainer.{key}", ends.get(key)))
        for key in ("max_epochs", "max_steps")
    )
    planned = [epochs] if epochs else []
    if steps and curve.steps:
        planned.append(ceil(steps * curve.epochs / curve.steps))
    made = max(curve.epochs / epochs if epochs else 0.0, curve.steps / steps if steps else 0.0)
    return min(planned, default=None), min(1.0, made)


def _limit(value: str | int | None) -> int | None:
    """Return a limit of the trainer; None where there is none."""
    return None if value in (None, "null", -1, "-1") else int(value)
