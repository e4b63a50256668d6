"""The published generator's departures from its own physics, each a named switch.

Source: the code behind Artemov et al., "Microtomography: material 3-d structure recovery
having electron-microscopy scans". `ORIGINAL` is the physics the printed tables rest on,
`ORIGINAL_FILES` also reproduces how the published files were written, `CORRECTED` has no quirk.
"""

from dataclasses import dataclass, replace
from typing import Final

import torch
from jaxtyping import Float, Real, UInt8
from torch import Tensor

from sem3d.geometry.voxelise import voxelise
from sem3d.specimen import LayerStack


@dataclass(frozen=True)
class Quirks:
    """Switches of the published generator; "gold" is the lower layer, "al" the upper one.

    Attributes:
        al_alone_as_gold: without gold below, aluminium fades to the gold signal.
        al_over_gold_fades_to_si: aluminium over gold fades to the substrate signal.
        zero_border: the last image row and column are 0.
        transposed_scan: image (row, column) shows structure (column, row).
        float16_scan: the signal is rounded to float16.
        noise_1_percent: noise of 1 % where the report states 2 %.
        height_5nm: labels in 5 nm voxels, top slice dropped, where the report states 10 nm.
        labels_1nm: labels in 1 nm voxels with gold = 2 and aluminium = 1.
    """

    al_alone_as_gold: bool = False
    al_over_gold_fades_to_si: bool = False
    zero_border: bool = False
    transposed_scan: bool = False
    float16_scan: bool = False
    noise_1_percent: bool = False
    height_5nm: bool = False
    labels_1nm: bool = False

    @property
    def noise_level(self) -> float:
        """Relative standard deviation of the seed's noise."""
        return 0.01 if self.noise_1_percent else 0.02

    def labels(self, thickness_nm: Real[Tensor, "*B 2 Y X"]) -> UInt8[Tensor, "*B Z Y X"]:
        """Label volume (Z, Y, X) as the published code would have cut it from maps [nm]."""
        stack = self.voxels(LayerStack(("Au", "Al"), (15, 150)))
        classes = (2, 1) if self.labels_1nm else (1, 2)
        return voxelise(thickness_nm, stack.height_nm, stack.slices, classes=classes)

    def voxels(self, stack: LayerStack) -> LayerStack:
        """Return the stack with the published voxel height and slices; classes keep their order."""
        if self.labels_1nm:
            return replace(stack, height_nm=1.0, slices=165)
        return replace(stack, height_nm=5.0, slices=32) if self.height_5nm else stack

    def write(self, signal: Float[Tensor, "*B E Y X"]) -> Float[Tensor, "*B E Y X"]:
        """Return the signal (E, Y, X) as the published generator would have stored it."""
        if self.zero_border:
            signal = signal.clone()
            signal[..., -1, :] = 0
            signal[..., :, -1] = 0
        if self.transposed_scan:
            signal = signal.transpose(-1, -2).contiguous()
        return signal.to(torch.float16).to(signal.dtype) if self.float16_scan else signal


CORRECTED: Final = Quirks()
ORIGINAL: Final = Quirks(al_alone_as_gold=True, al_over_gold_fades_to_si=True)
ORIGINAL_FILES: Final = Quirks(
    al_alone_as_gold=True,
    al_over_gold_fades_to_si=True,
    zero_border=True,
    transposed_scan=True,
    float16_scan=True,
    noise_1_percent=True,
)
