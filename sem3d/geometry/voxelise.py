"""Thickness maps to voxel labels and back."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import torch
from jaxtyping import Float32, Real, UInt8
from torch import Tensor

from sem3d.errors import InputError, did_you_mean

ROUNDINGS: Final[Mapping[str, Callable[[Tensor, float], Tensor]]] = {
    "int-floor": lambda d, h: ((d + 0.5).floor() / h).floor(),
    "floor": lambda d, h: (d / h).floor(),
    "ceil": lambda d, h: (d / h).ceil(),
    "round": lambda d, h: (d / h + 0.5).floor(),
}
"""Voxels of height h in a thickness d, by rule; halves go up."""


def voxelise(
    thickness_nm: Real[Tensor, "*B L Y X"],
    height_nm: float = 10.0,
    slices: int = 16,
    rounding: str = "int-floor",
    classes: tuple[int, ...] | None = None,
) -> UInt8[Tensor, "*B {slices} Y X"]:
    """Stack the layers of every column into voxels, on the device of `thickness_nm`.

    A column holds the voxels of layer 1, then of layer 2 and so on from the substrate up, each
    layer rounded by itself; the rest is empty. A column taller than the volume loses its top.

    Artemov et al. label at 10 nm and 16 slices. Their generator has 5 nm and keeps 32 of 33
    slices (``height_nm=5.0, slices=32``), and one of their networks 1 nm, 165 slices and the
    labels Au = 2, Al = 1 (``height_nm=1.0, slices=165, classes=(2, 1)``).

    Args:
        thickness_nm: (*B, L, Y, X) thickness, lowest layer first [nm]; negative counts as 0.
        height_nm: voxel height [nm].
        slices: number of voxels along z.
        rounding: "int-floor" rounds to whole nm before it takes whole voxels, so that 9.999 nm
            counts as 10; "floor", "ceil" and "round" act on thickness / height alone.
        classes: label of each layer, by default 1, 2, ...

    Returns:
        (*B, Z, Y, X) labels, 0 = empty; z = 0 is the surface end, z = Z - 1 lies on the substrate.

    Raises:
        InputError: unknown rounding, or not one class per layer.
    """
    layers = thickness_nm.shape[-3]
    classes = tuple(range(1, layers + 1)) if classes is None else classes
    if len(classes) != layers:
        raise InputError(f"classes is {classes}; give one label for each of the {layers} layers")
    tops = _voxels(thickness_nm, height_nm, slices, rounding).cumsum(-3).to(torch.int16)
    below = torch.arange(slices - 1, -1, -1, dtype=torch.int16, device=tops.device)[:, None, None]
    labels = tops.new_zeros((*tops.shape[:-3], slices, *tops.shape[-2:]), dtype=torch.int8)
    # A voxel of layer l lies below the tops of l and of all layers above: their steps sum to its
    # class. Adding is twenty times faster than filling by mask.
    for top, step in zip(tops.split(1, -3), _steps(classes), strict=True):
        labels.add_(below < top, alpha=step)
    return labels.view(torch.uint8)


def _steps(classes: tuple[int, ...]) -> list[int]:
    """Difference of each class to the next one, the last to 0 = empty."""
    return [a - b for a, b in pairwise((*classes, 0))]


def _voxels(thickness_nm: Tensor, height_nm: float, slices: int, rounding: str) -> Tensor:
    """Voxels of each layer by the named rule, at most a full column."""
    if rounding not in ROUNDINGS:
        raise InputError(f"rounding {rounding!r} is unknown{did_you_mean(rounding, ROUNDINGS)}")
    # In half precision, whose step is 0.125 nm at 150 nm, adding 0.5 would round once more.
    real = thickness_nm.to(torch.promote_types(thickness_nm.dtype, torch.float32))
    return ROUNDINGS[rounding](real, height_nm).clamp(0, slices)


def thickness_from_labels(
    labels: UInt8[Tensor, "*B Z Y X"], height_nm: float, layers: int
) -> Float32[Tensor, "*B {layers} Y X"]:
    """Thickness (*B, L, Y, X) [nm] of each layer: its voxels in the column times their height."""
    counts = torch.stack([(labels == k).sum(-3) for k in range(1, layers + 1)], dim=-3)
    return height_nm * counts.float()
