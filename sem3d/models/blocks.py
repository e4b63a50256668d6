"""Building blocks that several networks share."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import instance_norm

PaddingMode = Literal["zeros", "replicate"]


def conv_bn_relu(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    bias: bool = True,
    padding_mode: PaddingMode = "zeros",
) -> nn.Sequential:
    """Return convolution, batch norm, ReLU: (B, inputs, Y, X) -> (B, outputs, Y, X)."""
    conv = nn.Conv2d(
        inputs, outputs, kernel, padding=kernel // 2, bias=bias, padding_mode=padding_mode
    )
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def double_conv(
    inputs: int, middle: int, outputs: int, bias: bool = True, padding_mode: PaddingMode = "zeros"
) -> nn.Sequential:
    """Return two `conv_bn_relu` in a row: (B, inputs, Y, X) -> (B, outputs, Y, X)."""
    return nn.Sequential(
        conv_bn_relu(inputs, middle, bias=bias, padding_mode=padding_mode),
        conv_bn_relu(middle, outputs, bias=bias, padding_mode=padding_mode),
    )


def doubling_conv(channels: int) -> nn.ConvTranspose2d:
    """Return the transposed 3x3 convolution that doubles both sides and keeps the channels."""
    return nn.ConvTranspose2d(channels, channels, 3, stride=2, padding=1, output_padding=1)


class Conv3d(nn.Conv3d):
    """3-D convolution, on the processor in the type of its weights, also under autocast.

    There torch 2.13 leaves parts of the bfloat16 weight gradient unwritten for some channel counts.
    """

    def forward(self, x: Float[Tensor, "B C Z Y X"]) -> Float[Tensor, "B D Z Y X"]:
        """Convolve (B, C, Z, Y, X)."""
        if x.device.type != "cpu":
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.to(self.weight.dtype))


class InstanceNorm(nn.Module):
    """Instance norm over pixels or voxels, computed in float32 at least, also under autocast.

    Args:
        channels: number of channels.
        affine: whether each channel has a learnt scale and shift.
    """

    def __init__(self, channels: int, affine: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Float[Tensor, "B C *field"]) -> Float[Tensor, "B C *field"]:
        """Return `x` with mean 0 and variance 1 per sample and channel, then scaled and shifted."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        return instance_norm(wide, weight=self.weight, bias=self.bias).to(x.dtype)
