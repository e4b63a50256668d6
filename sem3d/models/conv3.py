"""3Conv: four plain convolutions, no coarser level (Artemov et al., Figure 2)."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from jaxtyping import Float
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.models.arguments import checked_choice, checked_sizes
from sem3d.models.blocks import conv_bn_relu
from sem3d.models.padding import on_padded


class Conv3(nn.Module):
    """Four convolutions of widths 64, 64, 32 and the outputs; 74,210 parameters for two maps.

    The published network ends in batch norm and ReLU and reads that result as nm, which leaves a
    thickness no upper bound (`head="original"`, 74,214 parameters). The corrected head is a plain
    convolution whose logits go through the sigmoid like those of the other networks.

    Args:
        energies: number E of beam energies.
        outputs: ``(layers,)`` or ``(classes, slices)``.
        head: "corrected" or "original".
        kernel: odd side of the kernels; 1 is the first published version (8,678 parameters).

    Raises:
        InputError: unknown head, or even kernel.
    """

    def __init__(
        self, energies: int, outputs: Sequence[int], head: str = "corrected", kernel: int = 3
    ) -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        self.head = checked_choice("head", head, ("corrected", "original"))
        if kernel < 1 or kernel % 2 == 0:
            raise InputError(f"model.kernel is {kernel}; give an odd number such as 3")
        blocks = [conv_bn_relu(i, o, kernel) for i, o in pairwise((energies, 64, 64, 32))]
        last = conv_bn_relu(32, prod(self.outputs), kernel)
        self.body = nn.Sequential(*blocks, last if head == "original" else last[0])

    @property
    def link(self) -> str:
        """How thickness logits become nm: "identity" if the output is nm already."""
        return "identity" if self.head == "original" else "sigmoid"

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        return on_padded(self.body, scan, multiple=1).unflatten(1, self.outputs)
