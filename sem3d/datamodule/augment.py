"""What is done to a sample between memory and network: crop, symmetry, noise, labels.

Every draw is keyed by (seed, epoch, sample), so a batch's content does not depend on its size,
on the rank that serves it or on an interruption.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from sem3d.datamodule.loader import Batch
from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.simulate.noise import Noise
from sem3d.specimen import LayerStack
from sem3d.store.streams import seed_sequence, torch_generator


def dihedral(maps: Shaped[Tensor, "*C Y X"], element: int) -> Shaped[Tensor, "*C Y2 X2"]:
    """Apply one of the 8 symmetries of the square to the last two axes; 0 is the identity.

    Bit 0 flips y, bit 1 flips x, bit 2 exchanges y and x first.
    """
    if element & 4:
        maps = maps.transpose(-1, -2)
    axes = [axis for bit, axis in ((1, -2), (2, -1)) if element & bit]
    return maps.flip(axes) if axes else maps


def inverse(element: int) -> int:
    """Return the symmetry that undoes `element`."""
    if not element & 4:
        return element
    return 4 | (element & 1) << 1 | (element & 2) >> 1  # exchanging axes exchanges their flips


@dataclass(frozen=True)
class Transform:
    """From a gathered batch to a network's batch.

    Attributes:
        stack: gives the voxel rule of the labels, or None where labels are stored.
        noise: noise of the scans.
        seed: seed of noise and augmentation.
        split: train, val or test.
        symmetries: draw one of the 8 symmetries per sample, 4 flips on fields that are not square.
        crop: field (Y, X) cut at a random place, or None for the whole field.
    """

    stack: LayerStack | None
    noise: Noise
    seed: int
    split: str
    symmetries: bool = False
    crop: tuple[int, int] | None = None

    def __call__(self, batch: Batch, epoch: int = 0) -> Batch:
        """Return scan (B, E, Y, X), labels (B, Z, Y, X) and index.

        Of layers also thickness_nm (B, L, Y, X). The gathered batch holds ``scan`` and
        ``thickness_nm``, or ``counts`` and ``labels``.

        Raises:
            InputError: the crop is larger than the field.
        """
        measured, true = ("scan", "thickness_nm") if self.stack else ("counts", "labels")
        pairs = zip(batch[measured], batch[true], batch["index"].tolist(), strict=True)
        samples = [self._sample(scan, maps, epoch, index) for scan, maps, index in pairs]
        scan = torch.stack([scan for scan, _ in samples])
        truth = self._truth(torch.stack([maps for _, maps in samples]))
        return {"scan": scan, **truth, "index": batch["index"]}

    def _truth(self, maps: Tensor) -> Batch:
        if self.stack is None:
            return {"labels": maps}
        thickness = maps.float()
        labels = voxelise(thickness, self.stack.height_nm, self.stack.slices)
        return {"thickness_nm": thickness, "labels": labels}

    def _sample(self, scan: Tensor, maps: Tensor, epoch: int, index: int) -> tuple[Tensor, Tensor]:
        if self.crop or self.symmetries:
            key = seed_sequence(self.seed, "augment", self.split, epoch, index)
            scan, maps = self._augment(scan, maps, np.random.default_rng(key))
        key = seed_sequence(self.seed, "noise", self.split, epoch, index)
        if scan.is_floating_point():
            scan = scan.float()  # kept as float16
        return self.noise(scan, torch_generator(key, scan.device)), maps

    def _augment(
        self, scan: Tensor, maps: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        field = scan.shape[-2:]
        window = self._window(tuple(field), rng)
        scan, maps = scan[..., *window], maps[..., *window]
        if self.symmetries:
            square = scan.shape[-2] == scan.shape[-1]
            element = int(rng.integers(8 if square else 4))
            scan, maps = dihedral(scan, element), dihedral(maps, element)
        return scan, maps

    def _window(self, field: tuple[int, ...], rng: np.random.Generator) -> tuple[slice, slice]:
        size = self.crop or field
        if size[0] > field[0] or size[1] > field[1]:
            raise InputError(
                f"datamodule.crop={list(size)} is larger than the field {list(field)}; "
                "choose a smaller crop or null"
            )
        y, x = (int(rng.integers(f - s + 1)) for f, s in zip(field, size, strict=True))
        return slice(y, y + size[0]), slice(x, x + size[1])
