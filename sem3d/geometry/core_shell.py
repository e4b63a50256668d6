"""Named test structures: a copper cube and copper wires in a silicon film of 20 nm.

Source: the core-shell nanocube and nanowire of the BSE-VoxNets paper. It prints the sizes; where
the structures lie is worked out from its figures and printed overlaps.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from jaxtyping import Bool

from sem3d.errors import InputError, did_you_mean
from sem3d.geometry.voxel_shapes import cuboid, cylinder, voxels_inside
from sem3d.specimen import VoxelBox, VoxelSpecimen

FILM: Final = VoxelBox(("Si", "Cu"), (20, 20, 20))
"""Free film of silicon with copper in voxels of 1 nm, mirrored at its side walls."""
SILICON: Final = 1
COPPER: Final = 2
AXES: Final = ("z", "y", "x")
CORNERS: Final = {"Si": SILICON, "vacuum": 0, "Cu": COPPER}


class FilmCases(ABC):
    """A short list of specimens of `FILM` in a fixed order."""

    box: ClassVar[VoxelBox] = FILM

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the cases are called, in order."""

    @abstractmethod
    def labels(self, number: int) -> np.ndarray:
        """Labels (Z, Y, X) of the case with this number."""

    def case(self, index: int) -> VoxelSpecimen:
        """Return the specimen of sample `index`; after the last case the list starts again."""
        return VoxelSpecimen(self.labels(index % len(self.names)), self.box)

    def __call__(self, rng: np.random.Generator) -> VoxelSpecimen:
        """Draw one of the cases, all equally likely."""
        return self.case(int(rng.integers(len(self.names))))


@dataclass(frozen=True)
class CoreShellNanocube(FilmCases):
    """A copper cube of 5 nm at places along the body diagonal, the first at the surface.

    Position i holds the voxels 5 (i - 1) .. 5 i - 1 of every axis, 1.6 % of the film.

    Attributes:
        positions: which of the places 1 to 4, in order.

    Raises:
        InputError: no position, or another one.
    """

    positions: Sequence[int] = (1, 2, 3, 4)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", tuple(self.positions))
        if not self.positions or not {*self.positions} <= {1, 2, 3, 4}:
            raise InputError(f"geometry.positions is {list(self.positions)}; choose from 1 to 4")

    @property
    def names(self) -> tuple[str, ...]:
        """One name per position."""
        return tuple(f"nanocube at position {i}" for i in self.positions)

    def labels(self, number: int) -> np.ndarray:
        """Labels (20, 20, 20) of one position."""
        centre = [5 * self.positions[number] - 2.5] * 3
        return SILICON + voxels_inside(self.box, cuboid, centre, [2.5] * 3).astype(np.uint8)


@dataclass(frozen=True)
class CoreShellNanowire(FilmCases):
    """A round copper wire through the middle of the film, from wall to wall.

    Copper fills 12, 52, 112, 208 and 316 of the 400 voxels of a cross-section for radii of 2, 4,
    6, 8 and 10 nm.

    Attributes:
        radii_nm: radii in order [nm].
        axis: "y" (horizontal), "x" (the same turned by 90 degrees) or "z" (vertical).
        corners: what lies outside a wire of 10 nm, which leaves no shell: "Si", "vacuum", or "Cu"
            for a square wire that fills the box. Thinner wires lie in silicon.

    Raises:
        InputError: a radius does not fit the film, or the axis or the corners are unknown.
    """

    radii_nm: Sequence[float] = (2, 4, 6, 8, 10)
    axis: str = "y"
    corners: str = "Si"

    def __post_init__(self) -> None:
        object.__setattr__(self, "radii_nm", tuple(self.radii_nm))
        if not self.radii_nm or not all(1 <= r <= 10 for r in self.radii_nm):
            raise InputError(f"geometry.radii_nm is {list(self.radii_nm)}; give 1 to 10 nm")
        for key, value, known in (("axis", self.axis, AXES), ("corners", self.corners, CORNERS)):
            if value not in known:
                raise InputError(f"geometry.{key} is {value!r}{did_you_mean(value, known)}")

    @property
    def names(self) -> tuple[str, ...]:
        """One name per radius."""
        return tuple(f"nanowire of radius {r:g} nm" for r in self.radii_nm)

    def labels(self, number: int) -> np.ndarray:
        """Labels (20, 20, 20) of one radius."""
        radius = self.radii_nm[number]
        outside = CORNERS[self.corners] if radius == 10 else SILICON
        return np.where(self.wire(radius), COPPER, outside).astype(np.uint8)

    def wire(self, radius_nm: float) -> Bool[np.ndarray, "Z Y X"]:
        """Voxels of the wire."""
        axis = AXES.index(self.axis)
        half = [10.0 if n == axis else radius_nm for n in range(3)]
        return voxels_inside(self.box, cylinder(axis), [10.0] * 3, half)
