"""Lovasz losses: intersection over union (Jaccard index) made trainable.

Berman, Rannen Triki and Blaschko, The Lovasz-softmax loss, CVPR 2018. Errors of the voxels,
largest first, are weighted by what each adds to the Jaccard loss 1 - IoU of the voxels so far.

Float32 throughout, autocast off, counts as integers: in half precision counts are rounded and
neighbouring Jaccard losses cancel, so that the gradient is lost while the value looks right.
"""

from typing import ClassVar

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from sem3d.losses.one_hot import one_hot
from sem3d.losses.one_vs_rest import one_vs_rest
from sem3d.losses.precision import at_least_float32


@torch.no_grad()
def jaccard_steps(
    errors: Float[Tensor, "*sets N"], truth: Bool[Tensor, "*sets N"]
) -> Float[Tensor, "*sets N"]:
    """What each voxel adds to the Jaccard loss when voxels go wrong in order of their error.

    With P voxels of the material, of which p have gone wrong beside n others, the loss is
    1 - (P - p) / (P + n). A voxel of the material adds 1 / (P + n), another one
    (P - p) / ((P + n)(P + n - 1)) with n counting itself; both are free of cancellation. Without
    any material, P = 0, the first false voxel adds 1 and all others nothing. Counts are int64.
    Equal errors go in the order of the voxels.
    """
    order = errors.argsort(dim=-1, descending=True, stable=True)
    wrong = truth.gather(-1, order)
    material = truth.sum(-1, keepdim=True)
    left = material - wrong.cumsum(-1)
    rank = torch.arange(1, errors.shape[-1] + 1, device=errors.device)
    union = rank + left
    others = left.to(errors) / (union * (union - 1)).clamp(min=1)
    steps = torch.where(wrong, 1 / union.to(errors), others)
    steps[..., :1] += (material == 0).to(steps)
    return torch.empty_like(steps).scatter_(-1, order, steps)


class LovaszHinge(nn.Module):
    """Lovasz hinge of one material: errors 1 - F for its voxels, 1 + F for others, if positive.

    F is the material's logit against the rest. A volume without the material penalises its
    largest false positive only.

    Attributes:
        per_volume: one Jaccard index for each volume and the mean of their losses. False: one
            over all voxels of the batch, which then depends on how samples are batched and
            shared between processes.
        material: class of the material; -1 is the last.
    """

    target: ClassVar[str] = "labels"

    def __init__(self, per_volume: bool = True, material: int = -1) -> None:
        super().__init__()
        self.per_volume, self.material = per_volume, material

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare logits (B, C, Z, Y, X) with labels (B, Z, Y, X).

        Raises:
            InputError: shapes do not match, or there is no such class.
        """
        with torch.autocast(prediction.device.type, enabled=False):
            logit, truth = one_vs_rest(prediction, target, self.material)
            errors = torch.where(truth, 1 - logit, 1 + logit)
            sets = (len(errors), -1) if self.per_volume else (1, -1)
            errors, truth = errors.reshape(sets), truth.reshape(sets)
            return (errors.relu() * jaccard_steps(errors, truth)).sum(-1).mean()


class LovaszSoftmax(nn.Module):
    """Lovasz-softmax: errors |y_c - p_c| of every class, empty included, averaged over classes.

    A class missing from the truth of a volume (or batch) is left out of the average.

    Attributes:
        per_volume: one Jaccard index for each volume and class and the mean of their losses.
            False: one for each class over all voxels of the batch, which then depends on how
            samples are batched and shared between processes.
    """

    target: ClassVar[str] = "labels"

    def __init__(self, per_volume: bool = True) -> None:
        super().__init__()
        self.per_volume = per_volume

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare logits (B, C, Z, Y, X) with labels (B, Z, Y, X).

        Raises:
            InputError: shapes do not match.
        """
        with torch.autocast(prediction.device.type, enabled=False):
            truth = self._sets(one_hot(target, prediction))
            probability = self._sets(at_least_float32(prediction).softmax(1))
            errors = (truth - probability).abs()
            by_class = (errors * jaccard_steps(errors, truth > 0)).sum(-1)
            present = truth.any(-1).to(by_class)
            return ((by_class * present).sum(1) / present.sum(1).clamp(min=1)).mean()

    def _sets(self, values: Float[Tensor, "B C Z Y X"]) -> Float[Tensor, "S C N"]:
        """Voxels that share a Jaccard index, for each volume or for the batch."""
        return values.flatten(2) if self.per_volume else values.transpose(0, 1).flatten(1)[None]
