"""The LightningModule shared by all tasks: standardise, predict, score."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from sem3d.datamodule.augment import dihedral, inverse
from sem3d.errors import InputError
from sem3d.losses.stages import Stages
from sem3d.metrics.voxel_scores import VoxelScores
from sem3d.specimen import Reconstruction
from sem3d.tasks.data import DataSpec
from sem3d.tasks.sharding import share

MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
MakeSchedule = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]


class ReconstructionTask(LightningModule):
    """A network, a loss and an optimiser as one training step.

    A network with ``stages`` (S, B, ...) learns from all of them: its loss is their mean, which
    Artemov et al. found to train better than the sum for the stacked U-Net.

    Args:
        model: built by ``model(energies=E, outputs=...)``; maps (B, E, Y, X) to logits.
        loss: compares a prediction with the target named by ``loss.target``.
        data: what the network is built for.
        optimizer: makes the optimiser from parameters; None for inference only.
        schedule: makes a per-step learning-rate schedule from the optimiser, or None.

    Attributes:
        rebuild: plain configuration that rebuilds the task, carried by its checkpoints.

    Raises:
        InputError: the loss is for another target.
    """

    target: ClassVar[str]
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        model: Callable[..., nn.Module],
        loss: nn.Module,
        data: DataSpec,
        optimizer: MakeOptimizer | None = None,
        schedule: MakeSchedule | None = None,
    ) -> None:
        super().__init__()
        self.data = data
        self.rebuild: dict[str, Any] = {}
        self.model = model(energies=len(data.energies_keV), outputs=self.outputs)
        self.loss = loss
        self._check_loss()
        self._make_optimizer, self._make_schedule = optimizer, schedule
        self.register_buffer("mean", torch.tensor(data.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(data.std)[:, None, None])
        self.voxel_scores = VoxelScores(data.volume.classes)

    @property
    @abstractmethod
    def outputs(self) -> tuple[int, ...]:
        """Channels of the network's output: (L,) or (C, Z)."""

    @abstractmethod
    def prediction(self, output: Tensor) -> Tensor:
        """What the loss compares with the target, from the network's output."""

    @abstractmethod
    def reconstruct(self, prediction: Tensor) -> Reconstruction:
        """Labels and, where known, thickness from the prediction."""

    def standardise(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B E Y X"]:
        """Scale each energy to the training data's mean 0 and standard deviation 1."""
        return (scan - self.mean) / self.std

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Reconstruction:
        """Reconstruct a batch of scans (B, E, Y, X)."""
        return self.reconstruct(self.prediction(self.model(self.standardise(scan))).float())

    def over_symmetries(self, scan: Float[Tensor, "B E Y X"]) -> Reconstruction:
        """Reconstruct a batch from the mean prediction over the 8 symmetries of the square.

        On fields that are not square over the 4 that keep their shape.
        """
        elements = range(8 if scan.shape[-1] == scan.shape[-2] else 4)
        predictions = torch.stack([self._turned(scan, element) for element in elements])
        return self.reconstruct(predictions.mean(0))

    def _turned(self, scan: Tensor, element: int) -> Tensor:
        """Prediction from the turned scan, turned back."""
        output = self.model(self.standardise(dihedral(scan, element).contiguous()))
        return dihedral(self.prediction(output).float(), inverse(element))

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """Loss of one batch."""
        del batch_idx
        self._enter_stage()
        scan, truth = self.standardise(batch["scan"]), self.truth(batch)
        stages = getattr(self.model, "stages", lambda x: self.model(x)[None])(scan)
        loss = torch.stack([self.loss(self.prediction(stage), truth) for stage in stages]).mean()
        if not torch.isfinite(loss):
            raise InputError(
                f"training loss became {loss.item()} at step {self.global_step}; "
                "lower optimizer.lr or set trainer.gradient_clip_val"
            )
        self.log(
            "train/loss", loss, on_epoch=True, on_step=False, sync_dist=True, batch_size=len(scan)
        )
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Score one validation batch."""
        del batch_idx
        self._enter_stage()
        prediction = self.prediction(self.model(self.standardise(batch["scan"])))
        loss = self.loss(prediction, self.truth(batch))
        # a float, because Lightning's mean over ranks rounds whole numbers of samples down
        samples: Any = float(len(prediction))
        self.log("val/loss", loss, on_epoch=True, sync_dist=True, batch_size=samples)
        self.score(self.reconstruct(prediction.float()), batch)

    def truth(self, batch: dict[str, Tensor]) -> Tensor:
        """What the loss compares the prediction with."""
        return batch[self.target]

    def score(self, found: Reconstruction, batch: dict[str, Tensor]) -> None:
        """Add a batch to the scores."""
        self.voxel_scores.update(batch["index"], found.labels, batch["labels"])

    def scores(self) -> dict[str, float]:
        """Scores since the last call, synchronised over processes; ``score`` is the headline."""
        values = self.voxel_scores.compute()
        self.voxel_scores.reset()
        return values | {"score": values[self.data.headline]}

    def on_validation_epoch_end(self) -> None:
        """Log every score as ``val/<name>``."""
        for name, value in self.scores().items():
            shown = name == "score"
            self.log(f"val/{name}", value, prog_bar=shown, sync_dist=True)  # equal on all ranks

    def configure_model(self) -> None:
        """Share the network's weights over the processes where trainer.strategy is fsdp."""
        if self.device_mesh is not None:
            share(self.model, self.device_mesh["data_parallel"])

    def configure_optimizers(self) -> Any:
        """Optimiser and, if configured, a schedule stepped every batch."""
        assert self._make_optimizer is not None
        optimizer = self._make_optimizer(self.parameters())
        if self._make_schedule is None:
            return optimizer
        schedule = {"scheduler": self._make_schedule(optimizer), "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what rebuilds this task: plain configuration and data."""
        checkpoint["sem3d"] = self.rebuild

    def _enter_stage(self) -> None:
        """Put the epoch's loss in force: a run resumed inside an epoch never sees its start."""
        for part in self.loss.modules():
            if isinstance(part, Stages):
                part.at_epoch(self.current_epoch)

    def _check_loss(self) -> None:
        name = type(self.loss).__name__
        if getattr(self.loss, "target", None) != self.target:
            raise InputError(
                f"loss {name} compares {getattr(self.loss, 'target', 'nothing that it names')} but "
                f"task {type(self).__name__} predicts "
                f"{self.target}; choose a loss for it, e.g. "
                + ("loss=mse" if self.target == "thickness_nm" else "loss=ce_dice")
            )
