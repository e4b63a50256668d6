"""Class-weighted cross-entropy plus soft Dice, for voxels of rare materials."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from sem3d.losses.dice import VOXELS, dice_loss
from sem3d.losses.one_hot import one_hot
from sem3d.losses.precision import at_least_float32
from sem3d.losses.weights import check_count, weight_tensor


class CrossEntropyDice(nn.Module):
    """Cross-entropy plus `dice_weight` times soft Dice loss, the mean over the batch's volumes.

    Cross-entropy: per volume, the sum over voxels of weight(true class) times -log p(true class),
    divided by the number of voxels. Weights are used as given; with weights that average 1 over
    the voxels the value compares with plain cross-entropy.

    Dice: per volume, the mean over the materials present in its truth of
    1 - 2 sum(p y) / (sum p + sum y). Empty space is no material, and a material missing from a
    volume is left to the cross-entropy, so a volume without any material has Dice part 0.

    Neither part mixes volumes: the loss of a batch is the mean of its samples' losses, so
    training on several processes follows the same gradient as on one.
    Soft Dice: Milletari et al., V-Net, 3DV 2016. Its sum with cross-entropy: Isensee et al.,
    nnU-Net, Nature Methods 18 (2021) 203.

    Attributes:
        class_weights: (C,) cross-entropy weight of each class, class 0 empty; None for ones.
        dice_weight: factor of the Dice part.

    Raises:
        InputError: a weight is negative or not finite, or none is positive.
    """

    target: ClassVar[str] = "labels"
    class_weights: Tensor | None

    def __init__(
        self, class_weights: Sequence[float] | None = None, dice_weight: float = 1.0
    ) -> None:
        super().__init__()
        weights = None if class_weights is None else weight_tensor(class_weights, "class_weights")
        self.register_buffer("class_weights", weights, persistent=False)
        self.dice_weight = dice_weight

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare logits (B, C, Z, Y, X) with labels (B, Z, Y, X), in float32 under autocast.

        Raises:
            InputError: shapes do not match, or the classes are not as many as the weights.
        """
        truth = one_hot(target, prediction)
        with torch.autocast(prediction.device.type, enabled=False):
            log_p = at_least_float32(prediction).log_softmax(1)
            entropy = self._cross_entropy(log_p, truth)
            return (entropy + self.dice_weight * dice_loss(log_p.exp(), truth)).mean()

    def _cross_entropy(
        self, log_p: Float[Tensor, "B C Z Y X"], truth: Float32[Tensor, "B C Z Y X"]
    ) -> Float[Tensor, "B"]:
        by_class = -(log_p * truth).sum(VOXELS)
        if self.class_weights is not None:
            check_count(self.class_weights, by_class.shape[1], "class_weights")
            by_class = by_class * self.class_weights
        return by_class.sum(1) / truth[0, 0].numel()
