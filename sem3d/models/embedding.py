"""From pixels to patches: overlapping (Z. Lu et al., NeurIPS 2022, "SOPE") or cut."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad


class Affine(nn.Module):
    """A learnt scale and shift of each channel.

    Args:
        channels: number of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Return (B, C, Y, X)."""
        return x * self.weight + self.bias


class CutPatches(nn.Module):
    """One convolution whose stride is its kernel, the plain patch embedding.

    Args:
        inputs: channels in.
        outputs: channels out.
        patch: side of a patch; fields are filled up with zeros to the right and below.
    """

    def __init__(self, inputs: int, outputs: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.conv = nn.Conv2d(inputs, outputs, patch, stride=patch)

    def forward(self, x: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B F y x"]:
        """Return (B, outputs, ceil(Y / patch), ceil(X / patch))."""
        below, right = (-side % self.patch for side in x.shape[-2:])
        return self.conv(pad(x, (0, right, 0, below)))


def overlapping_patches(inputs: int, outputs: int, patch: int) -> nn.Sequential:
    """Return the sequential overlapping embedding of 4x4 or 2x2 patches between two `Affine`.

    Each convolution of stride 2 halves the field, rounded up: patch 4 has two, patch 2 one, with
    batch norm after each and GELU after the first.
    """
    first = outputs if patch == 2 else (outputs + 1) // 2
    layers = [Affine(inputs), *_halving(inputs, first), nn.GELU()]
    if patch == 4:
        layers += _halving(first, outputs)
    return nn.Sequential(*layers, Affine(outputs))


def _halving(inputs: int, outputs: int) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]
