"""Weights of layers or classes, checked once when a loss is built."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float32
from torch import Tensor

from sem3d.errors import InputError


def weight_tensor(weights: Sequence[float], key: str) -> Float32[Tensor, "N"]:
    """Turn the weights under config key `key` into a tensor.

    Raises:
        InputError: a weight is negative or not finite, or none is positive.
    """
    if not all(math.isfinite(w) and w >= 0 for w in weights) or not any(weights):
        raise InputError(
            f"loss.{key} is {list(weights)}; give finite weights >= 0, at least one of them above 0"
        )
    return torch.tensor(list(weights), dtype=torch.float32)


def check_count(weights: Float32[Tensor, "N"], count: int, key: str) -> None:
    """Raise `InputError` unless there is one weight for each of `count` layers or classes."""
    if len(weights) != count:
        raise InputError(
            f"loss.{key} has {len(weights)} entries but the network predicts {count}; "
            f"give one weight for each"
        )
