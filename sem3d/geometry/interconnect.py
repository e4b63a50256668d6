"""Wiring of a chip: copper lines and vias in SiO2, tungsten contacts down to silicon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, UInt8

from sem3d.errors import InputError
from sem3d.geometry.metal_patterns import random_lines, random_posts
from sem3d.geometry.voxel_shapes import ellipsoid, voxels_inside
from sem3d.specimen import VoxelBox, VoxelSpecimen

MATERIALS: Final = ("Si", "SiO2", "Cu", "W")
SILICON, OXIDE, COPPER, TUNGSTEN = range(1, 5)

# Least and largest thickness of each level from the surface down [voxels].
CAP, LINES, VIAS, CONTACTS = (0, 2), (3, 5), (2, 4), (3, 5)
WIDTHS: Final = (3, 6)
LEAST_SIDES: Final = (22, 12, 12)
WIRING: Final = VoxelBox(MATERIALS, (24, 24, 24), (2.0, 2.0, 2.0), bottom="Si")


@dataclass(frozen=True, kw_only=True)
class Interconnect:
    """Two crossing levels of lines, joined by vias and standing on contacts.

    From the surface down, thickness uniform in whole voxels: oxide (0 to 2; at 0 the upper lines
    lie open), upper copper lines (3 to 5), copper vias (2 to 4), lower copper lines (3 to 5),
    tungsten contacts (3 to 5), silicon. What is no metal is oxide. The upper lines run along y or
    x, the lower ones across; each level has one width and one spacing of 3 to 6 voxels (see
    `random_lines`). Vias are square, 2 or 3 voxels wide, 1 to 6 of them where lines cross;
    contacts are 2 or 3 voxels wide, 1 to 8 of them below lower lines (see `random_posts`).
    A `void_share` of the specimens has 1 to 3 voids: ellipsoids of half axes of 1 to 4 voxels, cut
    to what is copper on all six sides, so that they stay closed.

    With the defaults silicon takes 0.33 of the voxels on average, oxide 0.50, copper 0.16 and
    tungsten 0.01, voids less than 0.001.

    Attributes:
        box: grid and walls; the materials are Si, SiO2, Cu and W in this order.
        void_share: probability that a specimen has voids.

    Raises:
        InputError: other materials, a box too small for the wiring, or no probability.
    """

    box: VoxelBox = WIRING
    void_share: float = 0.3

    def __post_init__(self) -> None:
        if self.box.materials != MATERIALS:
            raise InputError(
                f"geometry.box has the materials {list(self.box.materials)}; give {list(MATERIALS)}"
            )
        if any(n < least for n, least in zip(self.box.shape, LEAST_SIDES, strict=True)):
            raise InputError(
                f"geometry.box has the shape {self.box.shape}; wiring needs {LEAST_SIDES} voxels"
            )
        if not 0 <= self.void_share <= 1:
            raise InputError(f"geometry.void_share is {self.void_share}; give 0 to 1")

    def __call__(self, rng: np.random.Generator) -> VoxelSpecimen:
        """Draw one specimen with labels 1 Si, 2 SiO2, 3 Cu, 4 W, and 0 in voids."""
        labels = self._levels(rng)
        if rng.random() < self.void_share:
            labels[self._voids(rng, labels == COPPER)] = 0
        return VoxelSpecimen(labels, self.box)

    def _levels(self, rng: np.random.Generator) -> UInt8[np.ndarray, "Z Y X"]:
        shape, along = self.box.shape[1:], int(rng.integers(2))
        upper = random_lines(rng, shape, along, WIDTHS)
        lower = random_lines(rng, shape, 1 - along, WIDTHS)
        vias = random_posts(rng, upper & lower, int(rng.integers(2, 4)), 6)
        contacts = random_posts(rng, lower, int(rng.integers(2, 4)), 8)
        labels = np.full(self.box.shape, SILICON, np.uint8)
        labels[: (top := rng.integers(*CAP, endpoint=True))] = OXIDE
        levels = ((LINES, upper), (VIAS, vias), (LINES, lower), (CONTACTS, contacts))
        metals: Sequence[int] = (COPPER, COPPER, COPPER, TUNGSTEN)
        for (thickness, footprint), metal in zip(levels, metals, strict=True):
            bottom = top + rng.integers(*thickness, endpoint=True)
            labels[top:bottom] = np.where(footprint, metal, OXIDE)
            top = bottom
        return labels

    def _voids(
        self, rng: np.random.Generator, copper: Bool[np.ndarray, "Z Y X"]
    ) -> Bool[np.ndarray, "Z Y X"]:
        inner = _inner(copper)
        voids = np.zeros_like(copper)
        for place in rng.permutation(np.argwhere(inner))[: rng.integers(1, 3, endpoint=True)]:
            centre = (place + 0.5) * self.box.voxel_nm
            half = rng.uniform(1, 4, 3) * self.box.voxel_nm
            voids |= inner & voxels_inside(self.box, ellipsoid, centre, half)
        return voids


def _inner(copper: Bool[np.ndarray, "Z Y X"]) -> Bool[np.ndarray, "Z Y X"]:
    """Copper with copper on all six sides; beyond the side walls the lines go on."""
    walls = np.pad(copper, ((0, 0), (1, 1), (1, 1)), mode="edge")
    wide = np.pad(walls, ((1, 1), (0, 0), (0, 0)))
    z, y, x = (slice(1, -1),) * 3
    across = wide[z, :-2, x] & wide[z, 2:, x] & wide[z, y, :-2] & wide[z, y, 2:]
    inner: np.ndarray = copper & across & wide[:-2, y, x] & wide[2:, y, x]
    return inner
