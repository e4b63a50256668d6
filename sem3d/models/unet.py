"""The standard UNet with replicate padding (Artemov et al., "Standard UNet")."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import prod

from jaxtyping import Float
from torch import Tensor, nn

from sem3d.models.arguments import checked_sizes
from sem3d.models.blocks import double_conv, doubling_conv
from sem3d.models.padding import on_padded
from sem3d.models.u_shape import Up, UShape

_double_conv = partial(double_conv, padding_mode="replicate")


class UNet(nn.Module):
    """Four halvings, four doublings; 16,499,874 parameters for two maps.

    With ``outputs=(3, 16)`` the same network yields class logits for 16 slices (UNet-to-3d of
    Artemov et al., 16,501,392 parameters).

    Args:
        energies: number E of beam energies.
        outputs: ``(layers,)`` or ``(classes, slices)``.
        widths: channels of each level, fine to coarse; the bottom repeats the last.
        dropout: probability to drop a whole channel before each decoder level.

    Raises:
        InputError: no widths, or a width or output below 1.
    """

    def __init__(
        self,
        energies: int,
        outputs: Sequence[int],
        widths: Sequence[int] = (64, 128, 256, 512),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        widths = checked_sizes("widths", widths)
        self.multiple = 2 ** len(widths)
        half = (widths[0] + 1) // 2
        self.body = UShape(_encoder(energies, half, widths), _decoder(half, widths, dropout))
        self.head = nn.Conv2d(half, prod(self.outputs), 1)

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        return on_padded(self._logits, scan, self.multiple).unflatten(1, self.outputs)

    def _logits(self, scan: Tensor) -> Tensor:
        return self.head(self.body(scan))


def _encoder(energies: int, half: int, widths: tuple[int, ...]) -> list[nn.Module]:
    levels: list[nn.Module] = [_double_conv(energies, half, widths[0])]
    for wide, wider in pairwise((*widths, widths[-1])):
        levels.append(nn.Sequential(nn.MaxPool2d(2), _double_conv(wide, wider, wider)))
    return levels


def _decoder(half: int, widths: tuple[int, ...], dropout: float) -> list[nn.Module]:
    finer = widths[-2::-1]
    middles, outs = (*finer, widths[0]), (*finer, half)
    levels: list[nn.Module] = []
    for wide, middle, out in zip(reversed(widths), middles, outs, strict=True):
        fuse = nn.Sequential(nn.Dropout2d(dropout), _double_conv(2 * wide, middle, out))
        levels.append(Up(doubling_conv(wide), fuse))
    return levels
