"""Voxel labels: one class per voxel."""

from typing import ClassVar

import torch
from torch import Tensor

from sem3d.specimen import Reconstruction
from sem3d.tasks.reconstruction import ReconstructionTask


class VoxelTask(ReconstructionTask):
    """Predict class logits (C, Z, Y, X); labels are the largest."""

    target: ClassVar[str] = "labels"

    @property
    def outputs(self) -> tuple[int, ...]:
        """Classes (empty included) by slices."""
        return len(self.data.stack.classes), self.data.slices

    def prediction(self, output: Tensor) -> Tensor:
        """The logits themselves."""
        return output

    def reconstruct(self, prediction: Tensor) -> Reconstruction:
        """Label (B, Z, Y, X) uint8 of the largest logit."""
        largest = prediction.max(1).indices  # 20 times faster on the CPU than argmax
        return Reconstruction(largest.to(torch.uint8))
