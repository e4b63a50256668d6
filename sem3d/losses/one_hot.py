"""Label volumes as one 0/1 volume per class."""

import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from sem3d.errors import InputError


def one_hot(
    labels: UInt8[Tensor, "B *truth"], logits: Float[Tensor, "B C *out"]
) -> Float32[Tensor, "B C *truth"]:
    """Spread labels (B, Z, Y, X) over the classes of logits (B, C, Z, Y, X).

    A label beyond the C classes belongs to none of them.

    Raises:
        InputError: labels and logits differ in voxels, which broadcasting would hide.
    """
    if labels.shape != logits.shape[:1] + logits.shape[2:]:
        raise InputError(
            f"logits have shape {tuple(logits.shape)} but the labels {tuple(labels.shape)}; "
            "let the model predict the dataset's slices and pixels"
        )
    classes = torch.arange(logits.shape[1], dtype=torch.uint8, device=labels.device)
    return (labels.unsqueeze(1) == classes.view(-1, *[1] * (labels.ndim - 1))).float()
