"""Deep supervision: one loss averaged over the stages of a stacked network."""

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn


class StackedMean(nn.Module):
    """Mean over stages of an inner loss, every stage compared with the same truth.

    Artemov et al. found the mean to train better than the sum for the stacked U-Net.

    Attributes:
        loss: the loss of one stage.
        target: what the inner loss is compared with.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss
        self.target = str(loss.target)

    def forward(
        self, prediction: Float[Tensor, "S B *out"], target: Num[Tensor, "B *truth"]
    ) -> Float[Tensor, ""]:
        """Compare the stages (S, B, ...) with one truth (B, ...)."""
        return torch.stack([self.loss(stage, target) for stage in prediction]).mean()
