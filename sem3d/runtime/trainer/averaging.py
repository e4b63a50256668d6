"""Averaged weights: an exponential moving average of the network, validated and kept."""

from typing import Any, Final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.optim.swa_utils import get_ema_multi_avg_fn

from sem3d.errors import InputError
from sem3d.tasks.sharding import own, whole

TRAINED: Final = "trained_state"
"""Key of the weights that training goes on from; ``state_dict`` holds the averaged ones."""


class AveragedWeights(Callback):
    """Average the weights over the steps; validate with the average and save it as the network.

    After step n the average moves by 1 - d_n towards the weights, d_n = min(decay,
    (1 + n) / (10 + n)): early averages are short, so that the random start is soon forgotten.
    Running statistics of batch norm are averaged like weights, because they must describe what
    the averaged network sees and not the last one; its counters of batches are copied.

    A checkpoint holds the average under ``state_dict``, where evaluation finds it, and the
    weights to train on under ``trained_state``.

    Lightning's own callback takes its copy before the network moves to its device, so that every
    step would fetch the weights of a GPU, and its early averages are long.

    Args:
        decay: share of the average that a step keeps, within 0..1.

    Raises:
        InputError: `decay` is outside 0..1.
    """

    def __init__(self, decay: float) -> None:
        if not 0 < decay < 1:
            raise InputError(f"ema is {decay}; give a number between 0 and 1, e.g. 0.999, or null")
        self.decay = decay
        self._step = 0
        self._trained: dict[str, Tensor] = {}
        self._average: dict[str, Tensor] = {}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take up the average, and give the network the weights to train on."""
        self._average = {k: v.clone() for k, v in pl_module.state_dict().items()}  # just loaded
        whole_state = StateDictOptions(full_state_dict=True)
        set_model_state_dict(pl_module, checkpoint[TRAINED], options=whole_state)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start from the loaded average, or from the weights themselves."""
        self._step = trainer.global_step
        self._trained = pl_module.state_dict()  # shares memory with the network
        start = self._average or self._trained
        self._average = {k: start[k].to(v, copy=True) for k, v in self._trained.items()}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the average, once for every step of the optimiser."""
        n = trainer.global_step
        if n == self._step:
            return
        self._step = n
        decay = min(self.decay, (1 + n) / (10 + n))
        floating = [k for k, v in self._trained.items() if v.is_floating_point()]
        ours, theirs = ([own(d[k]) for k in floating] for d in (self._average, self._trained))
        get_ema_multi_avg_fn(decay)(ours, theirs, n)
        for key in self._trained.keys() - floating:
            self._average[key].copy_(self._trained[key])

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the average into the network."""
        self._swap()

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the trained weights back; checkpoints are saved after this."""
        self._swap()

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Save both."""
        checkpoint[TRAINED] = checkpoint["state_dict"]
        checkpoint["state_dict"] = {k: whole(v) for k, v in self._average.items()}

    @torch.no_grad()
    def _swap(self) -> None:
        """In place, because optimisers and compiled graphs hold on to the tensors."""
        for key, tensor in self._trained.items():
            held = tensor.clone()
            tensor.copy_(self._average[key])
            self._average[key].copy_(held)
