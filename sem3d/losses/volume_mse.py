"""Squared error between material channels and one-hot label volumes."""

from typing import ClassVar

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sem3d.losses.one_hot import one_hot


class VolumeMSE(nn.Module):
    """Mean squared error of channels 1, 2, .. against the 0/1 volumes of the same materials.

    The loss of the hybrid UVNet of Artemov et al. as published. Channel 0, empty space, is not
    compared and receives no gradient; a volume without a material wants its channel at 0.
    """

    target: ClassVar[str] = "labels"

    def forward(
        self, prediction: Float[Tensor, "B C Z Y X"], target: UInt8[Tensor, "B Z Y X"]
    ) -> Float[Tensor, ""]:
        """Compare channels (B, C, Z, Y, X) with labels (B, Z, Y, X).

        Raises:
            InputError: shapes do not match.
        """
        truth = one_hot(target, prediction)[:, 1:]  # float32, so the difference is too
        return (prediction[:, 1:] - truth).square().mean()
