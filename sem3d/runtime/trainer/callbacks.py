"""What watches a training: checkpoints, curves, reproducible randomness, early stopping."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar

from sem3d.runtime.runs.attempts import Attempts
from sem3d.runtime.runs.logged import append
from sem3d.runtime.runs.run_folder import RunFolder, halving
from sem3d.runtime.sweeps.halving import Halving, Rule
from sem3d.runtime.times import seconds
from sem3d.runtime.trainer.averaging import AveragedWeights
from sem3d.runtime.trainer.slices import Slices
from sem3d.store.streams import integer, seed_sequence
from sem3d.tasks.reconstruction import ReconstructionTask


def callbacks(cfg: Mapping[str, Any], run: RunFolder) -> list[Callback]:
    """The callbacks of a training run, from ``checkpoint``, ``trainer``, ``ema`` and ``seed``."""
    node = cfg["checkpoint"]
    watched = {"monitor": node["monitor"], "mode": node["mode"]}
    # the average moves before anything is saved
    averaging = [] if cfg["ema"] is None else [AveragedWeights(cfg["ema"])]
    limit = seconds(cfg["trainer"]["max_time"], "trainer.max_time")
    found: list[Callback] = [
        Attempts(run, cfg),
        StepSeed(cfg["seed"]),
        *averaging,
        Curves(run),
        ModelCheckpoint(run.checkpoints, "best", **watched, enable_version_counter=False),
        ModelCheckpoint(
            run.checkpoints, "last", save_on_train_epoch_end=True, enable_version_counter=False
        ),
        Slices(run, limit, 60 * node["every_minutes"]),
    ]
    found.append(TQDMProgressBar(leave=True) if shows_progress(cfg) else EpochLines())
    if node["patience"] is not None:
        found.append(early_stopping(node, cfg["trainer"]))
    if (rule := halving(cfg)) is not None:  # after the curves, which it reads
        found.append(Halving(run, Rule.read(rule), **watched))
    return found


def early_stopping(node: Mapping[str, Any], trainer: Mapping[str, Any]) -> EarlyStopping:
    """Stop at the first validation with ``patience`` or more epochs since the best one."""
    every = trainer["check_val_every_n_epoch"]  # Lightning counts validations
    patience = math.ceil(node["patience"] / every)
    return EarlyStopping(node["monitor"], patience=patience, mode=node["mode"])


def shows_progress(cfg: Mapping[str, Any]) -> bool:
    """Whether to draw a progress bar: when wanted and somebody looks; a log file gets lines."""
    return bool(cfg["trainer"]["enable_progress_bar"]) and sys.stderr.isatty()


class EpochLines(Callback):
    """One line per epoch, for log files."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the epoch's training loss and the last validation score."""
        if trainer.is_global_zero:
            assert isinstance(pl_module, ReconstructionTask)
            headline = f"validation {pl_module.data.headline_label}"
            named = {"train/loss": "loss", "val/score": headline}
            last = trainer.callback_metrics
            told = [f"{label} {float(last[k]):.4g}" for k, label in named.items() if k in last]
            print(f"epoch {trainer.current_epoch}: {', '.join(told)}", file=sys.stderr, flush=True)


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
        key = (trainer.global_step, trainer.global_rank)
        torch.manual_seed(integer(seed_sequence(self.seed, "network", "train", *key)))


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
        for other in trainer.loggers:
            told = {"train/lr": rate, "epoch": trainer.current_epoch}
            other.log_metrics(told, trainer.global_step)

    def _append(self, trainer: Trainer, prefix: str, more: Mapping[str, float]) -> None:
        logged = trainer.callback_metrics.items()  # on every rank: reading them reduces them
        if not trainer.is_global_zero:
            return
        values = {k: float(v) for k, v in logged if k.startswith(prefix)} | dict(more)
        append(self.path, trainer.global_step, trainer.current_epoch, values)
