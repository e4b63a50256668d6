"""The beam as Nebula takes it: one record per electron, written piece by piece."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from sem3d.errors import InputError
from sem3d.simulate.nebula.box import surface_nm
from sem3d.simulate.nebula.records import RECORD
from sem3d.specimen import Beam, VoxelBox, VoxelSpecimen

WALL_NM: Final = 1e-3
"""How far electrons keep from the side walls: one on a wall may be taken for one outside."""

_CHUNK: Final = 1 << 17  # records made together, 5 MB
_TAGS: Final = 2**31  # values of a tag from 0 on
_ELECTRONS: Final = 2**32  # Nebula numbers them with 32 bits


@dataclass(frozen=True)
class Primaries:
    """The electrons of one run: every energy, every pixel, `electrons` each.

    Attributes:
        specimen: one pixel per column of voxels.
        beam: energies, spot and tilt.
        electrons: per pixel and energy.
        start_nm: height above the specimen where they start [nm].
        uniform: spread evenly over the pixel instead of the beam's spot about its middle.

    Raises:
        InputError: too many electrons or pixels for Nebula's numbers, or a tilted beam through side
            walls that absorb it.
    """

    specimen: VoxelSpecimen
    beam: Beam
    electrons: int
    start_nm: float
    uniform: bool = False

    def __post_init__(self) -> None:
        energies, rows, columns = self.shape
        if max(energies * columns, rows) > _TAGS or len(self) >= _ELECTRONS:
            raise InputError(
                f"{self.electrons} electrons in an image of {self.shape} are more than Nebula can "
                "number in one run; lower acquisition.electrons or the number of pixels"
            )
        if self.beam.tilt_deg and self._box.sides == "absorb":
            raise InputError(
                "a tilted beam would start outside of absorbing side walls; choose sides=mirror "
                "or acquisition.tilt_deg=0"
            )

    def __len__(self) -> int:
        return math.prod(self.shape) * self.electrons

    @property
    def shape(self) -> tuple[int, int, int]:
        """Energies, rows and columns of the image."""
        _, rows, columns = self._box.shape
        return len(self.beam.energies_keV), int(rows), int(columns)

    def chunks(self, seed: np.random.SeedSequence) -> Iterator[np.ndarray]:
        """Yield the records in order, without those that a spot puts beyond absorbing walls."""
        rng = np.random.default_rng(seed)
        for first in range(0, len(self), _CHUNK):
            yield self._records(np.arange(first, min(first + _CHUNK, len(self))), rng)

    def write(self, path: Path, seed: np.random.SeedSequence) -> None:
        """Write a `.pri` file; memory does not grow with the dose."""
        with path.open("wb") as file:
            for records in self.chunks(seed):
                records.tofile(file)

    @property
    def _box(self) -> VoxelBox:
        return self.specimen.box

    def _records(self, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        energies, rows, columns = self.shape
        n, row, column = np.unravel_index(numbers // self.electrons, (energies, rows, columns))
        _, dy, dx = self._box.voxel_nm
        tilt = math.radians(self.beam.tilt_deg)
        across = self._spread(len(numbers), rng)
        x = (
            (column + 0.5) * dx
            + across[0]
            - math.tan(tilt) * (self.start_nm + surface_nm(self.specimen))
        )
        y = (row + 0.5) * dy + across[1]
        x, along_x, inside_x = _folded(x, columns * dx, self._box.sides)
        y, _, inside_y = _folded(y, rows * dy, self._box.sides)
        records = np.empty(len(numbers), RECORD)
        records["place"] = np.stack([x, y, np.full_like(x, -self.start_nm)], axis=-1)
        records["direction"] = [0, 0, math.cos(tilt)]
        records["direction"][:, 0] = math.sin(tilt) * along_x
        records["energy_eV"] = 1000 * np.array(self.beam.energies_keV)[n]
        records["px"], records["py"] = n * columns + column, row
        inside = inside_x & inside_y
        return records if inside.all() else records[inside]

    def _spread(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "2 N"]:
        """Return places about the middle of the pixel, x then y [nm]."""
        _, dy, dx = self._box.voxel_nm
        if self.uniform:
            return (rng.random((2, count)) - 0.5) * [[dx], [dy]]
        if self.beam.spot_sigma_nm:
            return rng.normal(0, self.beam.spot_sigma_nm, (2, count))
        return np.zeros((2, count))


def _folded(
    place: np.ndarray, size: float, sides: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places between side walls at 0 and `size`, sense of direction, and whether they exist.

    What a mirror sends back seems to come from its mirror image.
    """
    turns = np.floor(place / size)
    rest = place - turns * size
    odd = turns % 2 == 1
    inside = turns == 0 if sides == "absorb" else np.ones_like(odd)
    mirrored = np.where(odd, size - rest, rest)
    return np.clip(mirrored, WALL_NM, size - WALL_NM), np.where(odd, -1, 1), inside
