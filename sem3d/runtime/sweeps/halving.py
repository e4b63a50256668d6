"""Successive halving: jobs of a sweep that fall behind at a rung are stopped there.

The asynchronous form of Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys
2020, arXiv:1810.05934): no job waits for another, each compares itself with the results that are
there. Theirs pauses a job and may promote it later; here a job goes on or is stopped for good, so
that every job is one unbroken training.

A learning-rate schedule is laid out for all epochs and is not shortened for a job that is stopped:
scores at a rung are those of a training in its middle, and a cosine still is at a high rate there.
Jobs with schedules of different kinds or lengths are therefore not compared fairly.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from lightning.pytorch import Callback, LightningModule, Trainer

from sem3d.errors import InputError, did_you_mean
from sem3d.runtime.runs.logged import Logged, read_logged
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps.folder import PLAN, SweepFolder

KEYS: Final = {"first": 1, "factor": 2}
"""Settings and their smallest values."""
Mode = Literal["max", "min"]


@dataclass(frozen=True)
class Rule:
    """When jobs are compared and how many go on.

    Attributes:
        first: epochs of the first rung.
        factor: one of so many goes on; every rung is so many times later than the one before.
    """

    first: int
    factor: int

    @classmethod
    def read(cls, node: Any) -> "Rule":
        """Check ``sweep.halving``.

        Raises:
            InputError: a setting is missing, unknown, no whole number or too small.
        """
        if not isinstance(node, Mapping) or node.keys() - KEYS.keys() or KEYS.keys() - node.keys():
            wrong = sorted(node.keys() - KEYS.keys()) if isinstance(node, Mapping) else []
            hint = f" ({wrong[0]!r} is unknown{did_you_mean(wrong[0], KEYS)})" if wrong else ""
            raise InputError(
                f"sweep.halving is {node!r}{hint}; write it as {{first: 10, factor: 3}}"
            )
        for key, least in KEYS.items():
            if type(node[key]) is not int or node[key] < least:
                raise InputError(
                    f"sweep.halving.{key} is {node[key]!r}; give a whole number of at least {least}"
                )
        return cls(**node)

    def rungs(self, epochs: int) -> Iterator[int]:
        """Yield the epochs of every rung up to `epochs`."""
        rung = self.first
        while rung <= epochs:
            yield rung
            rung *= self.factor


def goes_on(
    own: float, others: Sequence[float], factor: int, mode: Mode
) -> tuple[bool, float | None]:
    """Decide whether a job is among the best 1 / `factor` of those that have reached its rung.

    With fewer than `factor` results everyone goes on; ties go on; NaN loses against every number.

    Args:
        own: the job's score.
        others: scores of the other jobs at the same rung.
        factor: at least 2.
        mode: whether large or small scores are good.

    Returns:
        The decision, and the worst score that goes on; None when all do.
    """

    def rank(score: float) -> float:
        return math.inf if math.isnan(score) else -score if mode == "max" else score

    results = sorted([own, *others], key=rank)
    if len(results) < factor:
        return True, None
    cutoff = results[len(results) // factor - 1]
    return not math.isnan(own) and rank(own) <= rank(cutoff), cutoff


def score_at(logged: Logged, monitor: str, rung: int) -> float | None:
    """Return the first score after `rung` epochs or later; None before it was logged."""
    at = [(step, epoch) for (step, name), (epoch, _) in logged.items() if name == monitor]
    steps = [step for step, epoch in at if epoch + 1 >= rung]
    return logged[min(steps), monitor][1] if steps else None


class Halving(Callback):
    """Stop a job of a sweep at the first rung where too many others are better.

    It is decided at the end of the epoch in which the score of the rung was logged, by rank 0 for
    all ranks, and kept in ``halving.json``: a job that is resumed keeps to what was decided.

    Args:
        run: the job's folder, inside the folder of its sweep.
        rule: when and how many.
        monitor: the logged score that decides.
        mode: whether its largest or smallest values are good.

    Raises:
        InputError: the run is no job of a sweep.
    """

    def __init__(self, run: RunFolder, rule: Rule, monitor: str, mode: Mode) -> None:
        self.run, self.rule, self.monitor, self.mode = run, rule, monitor, mode
        self.sweep = SweepFolder(run.path.resolve().parent)
        if not (self.sweep.path / PLAN).is_file() and not run.rungs:  # a repeat brings its own
            raise InputError(
                f"{run.path} is no job of a sweep, and sweep.halving compares jobs; start a sweep "
                "with -m, or set sweep.halving=null"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop a job that was stopped before and then killed before it was marked as done."""
        self._agree(trainer, trainer.is_global_zero and self._was_stopped(trainer.current_epoch))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Decide at a rung; the last epoch of a training is none."""
        if not trainer.should_stop and not _is_last(trainer):
            self._agree(trainer, trainer.is_global_zero and self._stops(trainer.current_epoch + 1))

    def _stops(self, epochs: int) -> bool:
        decided = {rung["rung"] for rung in self.run.rungs}
        for rung in self.rule.rungs(epochs):
            if rung not in decided and not self._was_stopped(epochs):
                own = score_at(read_logged(self.run.metrics), self.monitor, rung)
                if own is not None:
                    self._decide(rung, own, epochs)
        return self._was_stopped(epochs)

    def _decide(self, rung: int, own: float, epochs: int) -> None:
        jobs = [name for name in self.sweep.plan().jobs if name != self.run.path.resolve().name]
        curves = (read_logged(self.sweep.path / name / "metrics.csv") for name in jobs)
        reached = (score_at(logged, self.monitor, rung) for logged in curves)
        others = [score for score in reached if score is not None]
        on, cutoff = goes_on(own, others, self.rule.factor, self.mode)
        told = {"epoch": epochs, "score": own, "cutoff": cutoff, "rung": rung, "stop": not on}
        self.run.add_rung(told)

    def _was_stopped(self, epochs: int) -> bool:
        return any(rung["stop"] and rung["epoch"] <= epochs for rung in self.run.rungs)

    @staticmethod
    def _agree(trainer: Trainer, stop: bool) -> None:
        trainer.should_stop = trainer.strategy.broadcast(stop) or trainer.should_stop


def _is_last(trainer: Trainer) -> bool:
    """Whether training ends with this epoch anyway."""
    epochs, steps = trainer.max_epochs, trainer.max_steps
    by_epochs = epochs not in (None, -1) and trainer.current_epoch + 1 >= epochs
    return by_epochs or (steps != -1 and trainer.global_step >= steps)
