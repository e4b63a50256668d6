"""Soft Dice loss: overlap of the materials present, whatever their share."""

from typing import ClassVar

import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from sem3d.losses.one_hot import one_hot
from sem3d.losses.precision import at_least_float32

VOXELS = (2, 3, 4)


def dice_loss(
    probability: Float[Tensor, "B C Z Y X"], truth: Float32[Tensor, "B C Z Y X"]
) -> Float[Tensor, "B"]:
    """Soft Dice loss of each volume, the mean over the materials present in its truth."""
    p, y = probability[:, 1:], truth[:, 1:]
    voxels = y.sum(VOXELS)
    present = (voxels > 0).float()
    # an absent material adds 1 below, which keeps its unused ratio and gradient finite
    dice = 2 * (p * y).sum(VOXELS) / (p.sum(VOXELS) + voxels + 1 - present)
    return ((1 - dice) * present).sum(1) / present.sum(1).clamp(min=1)


class Dice(nn.Module):
    """Mean over volumes of 1 - 2 sum(p y) / (sum p + sum y), averaged over classes 1, 2, ..

    A class missing from a volume is left out, so a volume of class 0 alone has loss 0 and
    teaches nothing: a term of a sum, no loss of its own. Source as in `CrossEntropyDice`.
    """

    target: ClassVar[str] = "labels"

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare logits (B, C, Z, Y, X) with labels (B, Z, Y, X), in float32 under autocast.

        Raises:
            InputError: shapes do not match.
        """
        truth = one_hot(target, prediction)
        with torch.autocast(prediction.device.type, enabled=False):
            return dice_loss(at_least_float32(prediction).softmax(1), truth).mean()
