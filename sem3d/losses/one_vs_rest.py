"""One material against all others, from the logits of all classes."""

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from sem3d.errors import InputError
from sem3d.losses.one_hot import one_hot
from sem3d.losses.precision import at_least_float32


def one_vs_rest(
    logits: Float[Tensor, "B C Z Y X"], labels: UInt8[Tensor, "B Z Y X"], material: int
) -> tuple[Float[Tensor, "B Z Y X"], Bool[Tensor, "B Z Y X"]]:
    """Return the logit of one material in float32 or better, and where the material is.

    The logit is z_k - log(sum over the other classes of exp z_c). Its sigmoid is the softmax
    probability of class k, so two classes act as one output: z_1 - z_0.

    Args:
        logits: z of every class.
        labels: class of each voxel.
        material: class k; negative numbers count from the last class.

    Raises:
        InputError: shapes do not match, there is no class k, or no other class.
    """
    classes = logits.shape[1]
    if classes < 2 or not -classes <= material < classes:
        raise InputError(
            f"loss.material is {material} but the network predicts {classes} classes; "
            "choose one of at least two"
        )
    truth = one_hot(labels, logits)[:, material] > 0
    k = material % classes
    z = at_least_float32(logits)
    others = torch.cat([z[:, :k], z[:, k + 1 :]], 1)
    return z[:, k] - others.logsumexp(1), truth
