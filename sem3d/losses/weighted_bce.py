"""Binary cross-entropy of one material with unequal weights, for voxels."""

from typing import ClassVar

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from sem3d.errors import InputError
from sem3d.losses.one_vs_rest import one_vs_rest

READINGS = ("literal", "inverted")


class WeightedBCE(nn.Module):
    """Mean over voxels of -[l y log h + (1 - l)(1 - y) log(1 - h)], h the material's probability.

    Eq. (1) of Zheng et al., A voxelized transformer-based neural network for 3D reconstruction
    from multi-energy SEM backscattered electrons, IEEE Access. Read to the letter, their
    l = 1/12 gives copper, the rare material, the small weight; the usual cure for imbalance is
    the other way round, so both readings are on offer.

    h is the sigmoid of one logit, material against rest. Over two softmaxed channels h and 1 - h
    with one-hot truth the weight would cancel: channel 1 adds l y log h + (1 - l)(1 - y)
    log(1 - h), channel 0 adds l (1 - y) log(1 - h) + (1 - l) y log h, and their sum is plain
    cross-entropy whatever l is.

    Attributes:
        positive_weight: weight of voxels of the material; the others weigh 1 minus it.
        material: class of the material; -1 is the last.

    Args:
        lam: l, within 0..1.
        reading: ``literal`` weighs the material by `lam`, ``inverted`` by 1 - `lam`.
        material: class of the material.

    Raises:
        InputError: `lam` is outside 0..1, or the reading is neither.
    """

    target: ClassVar[str] = "labels"

    def __init__(self, lam: float, reading: str = "literal", material: int = -1) -> None:
        super().__init__()
        if not 0 < lam < 1:
            raise InputError(f"loss.lam is {lam}; give a number between 0 and 1, e.g. 1/12")
        if reading not in READINGS:
            raise InputError(f"loss.reading is {reading!r}; choose one of {', '.join(READINGS)}")
        self.positive_weight = lam if reading == "literal" else 1 - lam
        self.material = material

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare logits (B, C, Z, Y, X) with labels (B, Z, Y, X), in float32 under autocast.

        Raises:
            InputError: shapes do not match, or there is no such class.
        """
        with torch.autocast(prediction.device.type, enabled=False):
            logit, truth = one_vs_rest(prediction, target, self.material)
            y = truth.to(logit)
            weight = y * self.positive_weight + (1 - y) * (1 - self.positive_weight)
            return binary_cross_entropy_with_logits(logit, y, weight)
