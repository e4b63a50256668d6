"""Hybrid UVNet: a 2-D encoder and a 3-D decoder (Artemov et al., Figure 4)."""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from sem3d.errors import InputError
from sem3d.models.arguments import checked_choice, checked_sizes
from sem3d.models.blocks import Conv3d, InstanceNorm, double_conv
from sem3d.models.padding import on_padded
from sem3d.models.u_shape import UShape

MAP_DEPTH = 16
"""Slices of the volume from which maps are read."""

_CHANNELS = 6
_double_conv = partial(double_conv, bias=False)


class UVNet(nn.Module):
    """Three 2-D levels down, three 3-D levels up; 3,525,459 parameters for (3, 16).

    The published head (`head="original"`, 3,525,870 parameters) yields one unbounded volume p per
    material; a voxel is empty where all are below 0.5, else the material of the largest. It is
    returned as the class logits (0.5, p_1, p_2, ...), whose argmax is that rule. The corrected
    head is a 1x1x1 convolution to class logits. Maps take the volume as a flat image of 96 channels
    through a 1x1 convolution.

    Three doublings make D slices, the slices asked for rounded up to a multiple of 8; the surplus
    at the far end is cut. The published widths 64, 128, 256, 512 are 4 D, 8 D, 16 D, 32 D for
    D = 16 and grow with D, so that the skips fold into the same 4, 16 and 64 channels at any depth.

    Args:
        energies: number E of beam energies.
        outputs: ``(classes, slices)`` or ``(layers,)``.
        head: "corrected" or "original"; the latter needs outputs (classes, slices).

    Raises:
        InputError: unknown head, or outputs that the original head cannot give.
    """

    def __init__(self, energies: int, outputs: Sequence[int], head: str = "corrected") -> None:
        super().__init__()
        self.outputs = checked_sizes("outputs", outputs)
        checked_choice("head", head, ("corrected", "original"))
        depth = -(-self.outputs[1] // 8) * 8 if len(self.outputs) == 2 else MAP_DEPTH
        self.body = UShape(
            [
                _double_conv(energies, 4 * depth, 4 * depth),
                _down(4 * depth, 8 * depth),
                _down(8 * depth, 16 * depth),
                _bottom(16 * depth, depth // 8),
            ],
            [_Up(256, 256, 64, 80), _Up(80, 40, 16, 20), _Up(20, 6, 4, _CHANNELS)],
        )
        self.head = _head(head, self.outputs)

    def forward(self, scan: Float[Tensor, "B E Y X"]) -> Float[Tensor, "B *outputs Y X"]:
        """Return the logits (B, *outputs, Y, X) of a scan (B, E, Y, X)."""
        return on_padded(self._logits, scan, multiple=8)

    def _logits(self, scan: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(scan))
        return logits if len(self.outputs) == 1 else logits[:, :, : self.outputs[1]]


def fold_depth(features: Float[Tensor, "B K Y X"], depth: int) -> Float[Tensor, "B C Z Y X"]:
    """Return 2-D features as a volume: channel k becomes channel k div depth, slice k mod depth."""
    return features.unflatten(1, (-1, depth))


class _Up(nn.Module):
    """A 3-D decoder level: double every side, join the folded 2-D skip, fuse."""

    def __init__(self, inputs: int, raised: int, skipped: int, outputs: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose3d(inputs, raised, 2, stride=2, groups=2)
        self.fuse = _double_conv3d(skipped + raised, outputs)

    def forward(
        self, x: Float[Tensor, "B C z y x"], skip: Float[Tensor, "B K Y X"]
    ) -> Float[Tensor, "B F Z Y X"]:
        x = self.upsample(x)
        return self.fuse(torch.cat([fold_depth(skip, x.shape[2]), x], dim=1))


class _MaterialVolumes(nn.Module):
    """The published head: a volume p per material, with 0.5 before it as the empty class."""

    def __init__(self, materials: int) -> None:
        super().__init__()
        self.volumes = _double_conv3d(_CHANNELS, materials)

    def forward(self, x: Float[Tensor, "B F Z Y X"]) -> Float[Tensor, "B C Z Y X"]:
        return pad(self.volumes(x), (0, 0) * 3 + (1, 0), value=0.5)


def _head(head: str, outputs: tuple[int, ...]) -> nn.Module:
    if head == "original":
        if len(outputs) == 1 or outputs[0] < 2:
            raise InputError(
                f"model.head 'original' cannot give outputs {outputs}; "
                "use (classes, slices) with 2 classes or more, or head 'corrected'"
            )
        return _MaterialVolumes(outputs[0] - 1)
    if len(outputs) == 2:
        return Conv3d(_CHANNELS, outputs[0], 1)
    return nn.Sequential(nn.Flatten(1, 2), nn.Conv2d(_CHANNELS * MAP_DEPTH, outputs[0], 1))


def _down(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.MaxPool2d(2), _double_conv(inputs, outputs, outputs))


def _bottom(inputs: int, slices: int) -> nn.Module:
    conv = nn.Conv2d(inputs, 256 * slices, 3, padding=1, bias=False)
    return nn.Sequential(nn.MaxPool2d(2), conv, nn.Unflatten(1, (256, slices)))


def _double_conv3d(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_conv3d(inputs, outputs), _conv3d(outputs, outputs))


def _conv3d(inputs: int, outputs: int) -> nn.Sequential:
    conv = Conv3d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(conv, InstanceNorm(outputs, affine=False), nn.ReLU(inplace=True))
