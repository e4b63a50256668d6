"""Residual UNet with instance norm, the default network.

Blocks as in K. He et al., CVPR 2016; the plan follows the residual encoder of nnU-Net
(F. Isensee et al., arXiv 2404.09556).
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from jaxtyping import Float
from torch import Tensor, nn

from sem3d.models.arguments import checked_sizes
from sem3d.models.blocks import InstanceNorm
from sem3d.models.padding import on_padded
from sem3d.models.u_shape import Up, UShape


class ResUNet(nn.Module):
    """Residual encoder, plain decoder, depth as channels; 1,981,360 parameters for (3, 16).

    Args:
        energies: number E of beam energies.
        outputs: ``(layers,)`` or ``(classes, slices)``.
        widths: channels of each level, fine to coarse; each level halves the field.

    Raises:
        InputError: no widths, or a width or output below 1.
    """

    def __init__(
        self, energies: int, outputs: Sequence[int], widths: Sequence[int] = (32, 64, 128, 256)
    ) -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        widths = checked_sizes("widths", widths)
        self.multiple = 2 ** (len(widths) - 1)
        downs = [Residual(wide, wider, stride=2) for wide, wider in pairwise(widths)]
        ups = [_up(wide, finer) for wide, finer in pairwise(reversed(widths))]
        self.body = UShape([Residual(energies, widths[0], stride=1), *downs], ups)
        self.head = nn.Conv2d(widths[0], prod(self.outputs), 1)

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        return on_padded(self._logits, scan, self.multiple).unflatten(1, self.outputs)

    def _logits(self, scan: Tensor) -> Tensor:
        return self.head(self.body(scan))


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    Args:
        inputs: channels in.
        outputs: channels out.
        stride: of the first convolution; 2 halves the field.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            *_conv_norm(inputs, outputs, 3, stride), _leaky(), *_conv_norm(outputs, outputs, 3)
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Sequential(*([] if same else _conv_norm(inputs, outputs, 1, stride)))
        self.activation = _leaky()

    def forward(self, x: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B F y x"]:
        """Return (B, outputs, Y / stride, X / stride)."""
        return self.activation(self.convs(x) + self.shortcut(x))


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.01, inplace=True)


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, InstanceNorm(outputs)]


def _up(wide: int, finer: int) -> Up:
    fuse = nn.Sequential(
        *_conv_norm(2 * finer, finer, 3), _leaky(), *_conv_norm(finer, finer, 3), _leaky()
    )
    return Up(nn.ConvTranspose2d(wide, finer, 2, stride=2, bias=False), fuse)
