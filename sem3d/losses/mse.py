"""Mean squared error between thickness maps, plain and weighted by layer."""

from collections.abc import Sequence
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.losses.precision import at_least_float32
from sem3d.losses.weights import check_count, weight_tensor


def layer_errors(
    prediction: Float[Tensor, "..."], target: Float[Tensor, "..."]
) -> Float[Tensor, "L"]:
    """Mean squared error of each layer [nm^2] of two batches of maps (B, L, Y, X) [nm].

    Raises:
        InputError: the shapes differ, which broadcasting would hide.
    """
    if prediction.shape != target.shape:
        raise InputError(
            f"thickness prediction has shape {tuple(prediction.shape)} but the truth "
            f"{tuple(target.shape)}; let the model predict the dataset's layers and pixels"
        )
    difference = at_least_float32(prediction) - target
    return difference.square().mean((0, 2, 3))


class MSE(nn.Module):
    """Mean squared thickness error over samples, layers and pixels [nm^2].

    The loss "UNet" of Artemov et al., where the thicker layer dominates: an aluminium map
    spans ten times the range of a gold map.
    """

    target: ClassVar[str] = "thickness_nm"

    def forward(
        self, prediction: Float[Tensor, "B L Y X"], target: Float[Tensor, "B L Y X"]
    ) -> Float[Tensor, ""]:
        """Compare maps (B, L, Y, X) [nm]; the value is in nm^2.

        Raises:
            InputError: the shapes differ.
        """
        return layer_errors(prediction, target).mean()


class WeightedMSE(nn.Module):
    """Sum over layers of weight times mean squared error of that layer [nm^2].

    Weights apply to nm^2. Divide the maps by their limits, 15 nm gold and 150 nm aluminium, and
    a weight ratio r between aluminium and gold acts like 100 r: 0.01 balances the normalised
    maps ("UNet001" of Artemov et al.), 0.1 lets aluminium count ten times ("UNet01", their best).

    Attributes:
        weights: (L,) weight of each layer, lowest layer first.

    Raises:
        InputError: a weight is negative or not finite, or none is positive.
    """

    target: ClassVar[str] = "thickness_nm"
    weights: Tensor

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("weights", weight_tensor(weights, "weights"), persistent=False)

    def forward(
        self, prediction: Float[Tensor, "B L Y X"], target: Float[Tensor, "B L Y X"]
    ) -> Float[Tensor, ""]:
        """Compare maps (B, L, Y, X) [nm]; the value is in nm^2.

        Raises:
            InputError: the shapes differ, or the layers are not as many as the weights.
        """
        check_count(self.weights, prediction.shape[1], "weights")
        return (self.weights * layer_errors(prediction, target)).sum()
