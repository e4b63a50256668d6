"""A weighted sum of losses."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.losses.combined import common_target
from sem3d.losses.weights import weight_tensor


class Sum(nn.Module):
    """Sum over losses of weight times loss.

    Attributes:
        losses: the terms, all for one target.
        weights: (terms,) their factors.
        target: what the terms are compared with.

    Raises:
        InputError: targets differ, weights are not as many as losses, one is negative or not
            finite, or none is positive.
    """

    weights: Tensor

    def __init__(self, losses: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.target = common_target(losses)
        if len(weights) != len(losses):
            raise InputError(
                f"loss.weights has {len(weights)} entries for {len(losses)} losses; give one each"
            )
        self.losses = nn.ModuleList(losses)
        self.register_buffer("weights", weight_tensor(weights, "weights"), persistent=False)

    def forward(
        self, prediction: Float[Tensor, "..."], target: Num[Tensor, "..."]
    ) -> Float[Tensor, ""]:
        """Compare a prediction with the truth, as the terms do."""
        terms = torch.stack([loss(prediction, target) for loss in self.losses])
        return (self.weights * terms).sum()
