"""Thickness maps: one map per layer, in nm."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from sem3d.geometry.voxelise import voxelise
from sem3d.metrics.thickness_error import ThicknessError
from sem3d.specimen import Reconstruction
from sem3d.tasks.reconstruction import ReconstructionTask


class ThicknessTask(ReconstructionTask):
    """Predict (L, Y, X) maps [nm]; volumes follow by the int-floor rule.

    A network with ``link = "sigmoid"`` (the default) gives logits, scaled to 0..limit of each
    layer as in Artemov et al.; one with ``link = "identity"`` gives nm directly.
    """

    target: ClassVar[str] = "thickness_nm"
    limits: Tensor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = torch.tensor(self.data.stack.limits_nm, dtype=torch.float32)
        self.register_buffer("limits", limits[:, None, None])
        self.thickness_error = ThicknessError(self.data.stack.materials)

    @property
    def outputs(self) -> tuple[int, ...]:
        """One channel per layer."""
        return (len(self.data.stack.materials),)

    def prediction(self, output: Tensor) -> Tensor:
        """Thickness (B, L, Y, X) [nm] from the network's output."""
        if getattr(self.model, "link", "sigmoid") == "identity":
            return output.float()
        return self.limits * torch.sigmoid(output.float())

    def reconstruct(self, prediction: Tensor) -> Reconstruction:
        """Maps clipped to the limits, and their labels."""
        thickness = prediction.clamp_min(0).minimum(self.limits)
        labels = voxelise(thickness, self.data.stack.height_nm, self.data.stack.slices)
        return Reconstruction(labels, thickness)

    def score(self, found: Reconstruction, batch: dict[str, Tensor]) -> None:
        """Add a batch to the voxel scores and the thickness error."""
        super().score(found, batch)
        self.thickness_error.update(batch["index"], found.thickness_nm, batch["thickness_nm"])

    def scores(self) -> dict[str, float]:
        """Voxel scores and thickness error [nm] per layer."""
        values = super().scores() | self.thickness_error.compute()
        self.thickness_error.reset()
        return values
