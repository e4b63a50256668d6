"""A specimen as voxels: labels, voxel size, side walls and what lies below."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8

from sem3d.errors import InputError, did_you_mean
from sem3d.simulate.montecarlo.compiled import device
from sem3d.simulate.montecarlo.device import TWO, ZERO
from sem3d.specimen import SIDES

LOST: Final = np.uint32(0xFFFFFFFF)
"""In place of a label: the electron has left for good."""

_MIRROR = np.int32(SIDES.index("mirror"))
_ABSORB = np.int32(SIDES.index("absorb"))
_NONE = np.int32(0)
_INSIDE = np.int32(1)
_NO_TURN, _ONE_TURN = np.int32(0), np.int32(1)


@dataclass(frozen=True)
class VoxelGrid:
    """Voxels of numbered materials; z points down, the beam comes from above.

    Attributes:
        labels: (nz, ny, nx), 0 = vacuum, k = k-th material of the tables.
        voxel_nm: (dz, dy, dx) [nm].
        sides: what happens at the four side walls: ``"mirror"``, ``"periodic"`` or ``"absorb"``.
        substrate: label of the material that fills the half space below, 0 = nothing, then
            electrons that leave there are lost.

    Raises:
        InputError: labels not (nz, ny, nx) of uint8, voxel size not positive, unknown sides.
    """

    labels: UInt8[np.ndarray, "Z Y X"]
    voxel_nm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    sides: str = "mirror"
    substrate: int = 0

    def __post_init__(self) -> None:
        if self.labels.ndim != 3 or self.labels.dtype != np.uint8 or 0 in self.labels.shape:
            raise InputError(
                f"labels are {self.labels.dtype} {self.labels.shape}; give uint8 (nz, ny, nx)"
            )
        if len(self.voxel_nm) != 3 or not all(0 < d < np.inf for d in self.voxel_nm):
            raise InputError(
                f"voxel_nm is {self.voxel_nm}; give three positive lengths (dz, dy, dx)"
            )
        if self.sides not in SIDES:
            raise InputError(f"sides is {self.sides!r}{did_you_mean(self.sides, SIDES)}")
        if not 0 <= self.substrate <= 255:
            raise InputError(f"substrate is {self.substrate}; give a label 1..255, or 0 for none")

    @property
    def present(self) -> list[int]:
        """Labels of the materials that electrons can meet, in ascending order."""
        found = {int(k) for k in np.unique(self.labels)} | {self.substrate}
        return sorted(found - {0})


class Volume(NamedTuple):
    """A `VoxelGrid` as device functions read it, from its first occupied layer downward.

    Lengths [nm]. `cover` (nz + 1, 2): matter above a point at depth z in layer k, in every column
    at least cover[k, 0] + cover[k, 1] z; the last row is that of the substrate.
    """

    labels: np.ndarray
    per_nm_x: np.float32
    per_nm_y: np.float32
    per_nm_z: np.float32
    width: np.float32
    height: np.float32
    depth: np.float32
    sides: np.int32
    substrate: np.int32
    cover: np.ndarray


def volume(grid: VoxelGrid) -> Volume:
    """Return the device's view of a grid; z = 0 is the top of its first occupied layer."""
    occupied = np.flatnonzero(grid.labels.any(axis=(1, 2)))
    labels = np.ascontiguousarray(grid.labels[occupied[0] if len(occupied) else len(grid.labels) :])
    f = np.float32
    dz, dy, dx = grid.voxel_nm
    nz, ny, nx = labels.shape
    return Volume(
        labels=labels,
        per_nm_x=f(1 / dx),
        per_nm_y=f(1 / dy),
        per_nm_z=f(1 / dz),
        width=f(nx * dx),
        height=f(ny * dy),
        depth=f(nz * dz),
        sides=np.int32(SIDES.index(grid.sides)),
        substrate=np.int32(grid.substrate),
        cover=_cover(labels, dz),
    )


def _cover(labels: UInt8[np.ndarray, "Z Y X"], dz: float) -> Float32[np.ndarray, "layers 2"]:
    full = np.append(labels.all(axis=(1, 2)), True)  # and the substrate
    above = dz * np.append(0, np.cumsum(full[:-1]))
    tops = dz * np.arange(len(full))
    return np.stack([above - full * tops, full], axis=1).astype(np.float32)


@device
def fold(
    place: np.float32, direction: np.float32, size: np.float32, sides: np.int32
) -> tuple[np.float32, np.float32, np.int32]:
    """Return place and direction along one axis after side walls at 0 and `size`, 1 if inside."""
    if ZERO <= place <= size:
        return place, direction, _INSIDE
    if sides == _ABSORB:
        return place, direction, _NONE
    period = TWO * size if sides == _MIRROR else size
    turns = place / period
    whole = np.int32(turns) - (_ONE_TURN if place < ZERO else _NO_TURN)
    place = (turns - np.float32(whole)) * period
    if place > size:
        return period - place, -direction, _INSIDE
    return place, direction, _INSIDE


@device
def voxel(place: np.float32, per_nm: np.float32, count: np.int32) -> np.uint32:
    """Return the number of the voxel at a place [nm] along one axis, 0..count - 1."""
    return np.uint32(min(np.int32(place * per_nm), np.int32(count - 1)))


@device
def locate(
    grid: Volume, x: np.float32, y: np.float32, z: np.float32, inside: np.int32
) -> tuple[np.uint32, np.float32]:
    """Return the label at a point below the top and the matter above it [nm].

    The label is LOST below everything and where the point is not `inside` the sides.
    """
    layers, rows, columns = grid.labels.shape
    if inside == _NONE:
        return LOST, ZERO
    if z >= grid.depth:
        label = np.uint32(grid.substrate) if grid.substrate > _NONE else LOST
        return label, grid.cover[layers, 0] + z
    k = voxel(z, grid.per_nm_z, layers)
    j = voxel(y, grid.per_nm_y, rows)
    i = voxel(x, grid.per_nm_x, columns)
    return np.uint32(grid.labels[k, j, i]), grid.cover[k, 0] + grid.cover[k, 1] * z
