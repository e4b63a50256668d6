"""Training in slices: exact stops between two steps, on a time limit or Ctrl-C."""

import signal
import time
from typing import Any, NoReturn

from lightning.pytorch import Callback, LightningModule, Trainer

from sem3d.errors import InputError
from sem3d.runtime.run_folder import RunFolder


class Stopped(Exception):  # noqa: N818
    """A slice of training ended before the run was done; ``last.ckpt`` holds its exact state."""


def seconds(limit: str | None) -> float:
    """Return a time limit ``[[dd:]hh:]mm:ss`` in seconds; None is no limit.

    Raises:
        InputError: the limit is not of this form.
    """
    if limit is None:
        return float("inf")
    parts = str(limit).split(":")
    if not (2 <= len(parts) <= 4 and all(p.isdigit() for p in parts)):
        raise InputError(
            f"trainer.max_time is {limit!r}; write it as mm:ss, hh:mm:ss or dd:hh:mm:ss"
        )
    weights = (86400, 3600, 60, 1)[-len(parts) :]
    return float(sum(int(p) * w for p, w in zip(parts, weights, strict=True)))


class Slices(Callback):
    """Save ``last.ckpt`` inside long epochs, and stop between two steps when time is up.

    Ctrl-C is answered after the current step, so that no half-made step is ever saved; a second
    Ctrl-C stops at once. Epoch ends are left to the other checkpoints.

    Args:
        run: where to save.
        limit: length of this slice [s].
        interval: longest time between two saves [s].

    Raises:
        Stopped: from within the training, after saving.
    """

    def __init__(self, run: RunFolder, limit: float, interval: float) -> None:
        self.run, self.limit, self.interval = run, limit, interval
        self._started = self._saved = 0.0
        self._first = 0
        self._interrupted = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock and listen for Ctrl-C."""
        self._started = self._saved = time.monotonic()
        self._first = trainer.global_step  # every slice makes at least one step
        self._previous = signal.signal(signal.SIGINT, self._on_interrupt)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when due, and stop when asked or out of time; every rank does the same."""
        if trainer.is_last_batch:
            return
        stop = self._any(trainer, self._is_over)
        if stop or self._any(trainer, time.monotonic() - self._saved > self.interval):
            trainer.save_checkpoint(self.run.last)
            self._saved = time.monotonic()
        if stop:
            self._stop(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop between two epochs; the end of the last one was saved."""
        if trainer.global_step > self._first and self._any(trainer, self._is_over):
            self._stop(trainer)

    @property
    def _is_over(self) -> bool:
        return self._interrupted or time.monotonic() - self._started > self.limit

    def _stop(self, trainer: Trainer) -> NoReturn:
        reason = "interrupted" if self._interrupted else "the time limit was reached"
        raise Stopped(f"{reason} at step {trainer.global_step} of epoch {trainer.current_epoch}")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give Ctrl-C back."""
        if hasattr(self, "_previous"):
            signal.signal(signal.SIGINT, self._previous)

    def _on_interrupt(self, *_: Any) -> None:
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    @staticmethod
    def _any(trainer: Trainer, flag: bool) -> bool:
        if trainer.world_size == 1:
            return flag
        return bool(trainer.strategy.reduce_boolean_decision(flag, all=False))
