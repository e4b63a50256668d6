"""What watches a training: checkpoints, curves, reproducible randomness, stopping."""

import csv
import signal
import time
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar

from sem3d.errors import InputError
from sem3d.runtime.run_folder import RunFolder


class Stopped(Exception):  # noqa: N818
    """A slice of training ended before the run was done; ``last.ckpt`` holds its exact state."""


def callbacks(cfg: Mapping[str, Any], run: RunFolder) -> list[Callback]:
    """The callbacks of a training run, from the nodes ``checkpoint`` and ``trainer``."""
    node = cfg["checkpoint"]
    watched = {"monitor": node["monitor"], "mode": node["mode"]}
    found: list[Callback] = [
        StepSeed(cfg["seed"]),
        Curves(run),
        ModelCheckpoint(run.checkpoints, "best", **watched, enable_version_counter=False),
        ModelCheckpoint(run.checkpoints, "last", every_n_epochs=1, enable_version_counter=False),
        Slices(run, seconds(cfg["trainer"]["max_time"]), 60 * node["every_minutes"]),
    ]
    if cfg["trainer"]["enable_progress_bar"]:
        found.append(TQDMProgressBar(leave=True))
    if node["patience"] is not None:
        found.append(EarlyStopping(**watched, patience=node["patience"]))
    return found


def seconds(limit: str | None) -> float:
    """Return a time limit ``[[dd:]hh:]mm:ss`` in seconds; None is no limit.

    Raises:
        InputError: the limit is not of this form.
    """
    if limit is None:
        return float("inf")
    parts = str(limit).split(":")
    if not (2 <= len(parts) <= 4 and all(p.isdigit() for p in parts)):
        raise InputError(f"trainer.max_time is {limit!r}; write it as mm:ss, hh:mm:ss or dd:hh:mm:ss")
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
        self._interrupted = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock and listen for Ctrl-C."""
        self._started = self._saved = time.monotonic()
        self._previous = signal.signal(signal.SIGINT, self._on_interrupt)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when due, and stop when asked or out of time; every rank does the same."""
        if trainer.is_last_batch:
            return
        now = time.monotonic()
        over = self._interrupted or now - self._started > self.limit
        stop = self._any(trainer, over)
        if stop or self._any(trainer, now - self._saved > self.interval):
            trainer.save_checkpoint(self.run.last)
            self._saved = time.monotonic()
        if stop:
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


class StepSeed(Callback):
    """Seed the network's own randomness (dropout) by step, so that a resumed run repeats it.

    Args:
        seed: seed of the run.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed the default generators of every device."""
        torch.manual_seed((self.seed << 40) + (trainer.global_step << 10) + trainer.global_rank)


class Curves(Callback):
    """Append every logged value to ``metrics.csv`` as step, epoch, name, value.

    Appending keeps the curves of a run that was interrupted; a repeated (step, name) supersedes.

    Args:
        run: where to write.
    """

    def __init__(self, run: RunFolder) -> None:
        self.path = run.metrics

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the scores of a validation."""
        self._append(trainer, "val/", {})

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the training loss and learning rate of an epoch."""
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        self._append(trainer, "train/", {"train/lr": rate})

    def _append(self, trainer: Trainer, prefix: str, more: Mapping[str, float]) -> None:
        if not trainer.is_global_zero:
            return
        logged = trainer.callback_metrics.items()
        values = {k: float(v) for k, v in logged if k.startswith(prefix)} | more
        new = not self.path.exists()
        with self.path.open("a", newline="") as f:
            table = csv.writer(f)
            if new:
                table.writerow(["step", "epoch", "name", "value"])
            rows = [(trainer.global_step, trainer.current_epoch, k, v) for k, v in values.items()]
            table.writerows(rows)
