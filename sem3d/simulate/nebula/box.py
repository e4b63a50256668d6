"""From voxels to the closed box of triangles in which Nebula traces electrons.

z points down and the specimen begins at z = 0, as everywhere in sem3d; above are vacuum and the
detector, which is the top of the box.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from sem3d.errors import InputError
from sem3d.geometry.triangles import (
    DETECTOR,
    DETECTOR_FROM_50_EV,
    MIRROR,
    TERMINATOR,
    VACUUM,
    Triangles,
    joined,
)
from sem3d.geometry.voxel_faces import Grid, halved, places, squares, voxel_faces
from sem3d.specimen import VoxelSpecimen

GAP_NM: Final = 1.0
"""Vacuum between a free film and what takes its electrons: they have to pass the surface."""

_WALLS: Final = {"mirror": MIRROR, "absorb": TERMINATOR}
_FULL_SIGNAL_EV: Final = 50.0


def box_triangles(
    specimen: VoxelSpecimen,
    numbers: Mapping[str, int],
    headroom_nm: float,
    highest_keV: float,
    e_cut_eV: float = _FULL_SIGNAL_EV,
) -> Triangles:
    """Return the faces between materials and the six walls of the box.

    Args:
        specimen: the voxels.
        numbers: Nebula's number of every material in them or below them.
        headroom_nm: vacuum between the detector and the specimen [nm].
        highest_keV: highest beam energy; a half space below is made deeper than such electrons get
            [keV].
        e_cut_eV: lowest energy that counts [eV].

    Raises:
        InputError: side walls that Nebula does not have.
    """
    box = specimen.box
    if box.sides not in _WALLS:
        raise InputError(
            f"simulator=nebula has no {box.sides} side walls; choose sides={' or '.join(_WALLS)}, "
            "or simulator=montecarlo"
        )
    free = box.bottom == "absorb"
    below = VACUUM if free else numbers[box.bottom]
    depth = GAP_NM if free else range_nm(highest_keV)
    ids = np.array([VACUUM, *(numbers.get(name, VACUUM) for name in box.materials)])
    above = np.full((*specimen.labels.shape[:0:-1], 1), VACUUM)
    layers = [above, ids[specimen.labels.transpose(2, 1, 0)], np.full_like(above, below)]
    nz, ny, nx = box.shape
    dz, dy, dx = box.voxel_nm
    z = np.concatenate([[-headroom_nm], dz * np.arange(nz + 1), [dz * nz + depth]])
    grid = dx * np.arange(nx + 1), dy * np.arange(ny + 1), z
    detector = DETECTOR_FROM_50_EV if e_cut_eV >= _FULL_SIGNAL_EV else DETECTOR
    faces = voxel_faces(np.concatenate(layers, axis=2), grid)
    return joined([faces, _walls(grid, surface_nm(specimen), detector, _WALLS[box.sides])])


def surface_nm(specimen: VoxelSpecimen) -> float:
    """Return the depth of the first layer that holds anything: the beam's pixels lie there [nm]."""
    empty = ~specimen.labels.any(axis=(1, 2))
    return float(specimen.box.voxel_nm[0]) * int(empty.cumprod().sum())


def range_nm(energy_keV: float) -> float:
    """Return a depth that no electron reaches [nm].

    The range of Kanaya and Okayama, J. Phys. D 5 (1972) 43, in carbon of 1 g/cm3: more than in any
    solid. A box that is too deep costs nothing.
    """
    return 27.6 * 12.011 / 6**0.889 * energy_keV**1.67


def _walls(grid: Grid, surface: float, detector: int, side: int) -> Triangles:
    """Return detector, terminator and side walls around a grid.

    Whoever is above the surface has left the specimen: there absorbing walls are detectors. High
    walls are cut into pieces about as high as wide: single precision likes no thin triangles.
    """
    (x, y, z) = ((axis[0], axis[-1]) for axis in grid)
    pieces = max(1, round((z[1] - surface) / max(x[1] - x[0], y[1] - y[0])))
    planes = (np.array(x), np.array(y), np.append(z[0], np.linspace(surface, z[1], pieces + 1)))
    sides = np.array([detector if side == TERMINATOR else side] + [side] * pieces)
    walls = [(sides, sides), (sides, sides), (np.array([detector]), np.array([TERMINATOR]))]
    parts = []
    for axis, pair in enumerate(walls):
        for ids, plane in zip(pair, (0, len(planes[axis]) - 1), strict=True):
            first = np.zeros((len(ids), 3), int)
            first[:, 2] = np.arange(len(ids))
            first[:, axis] = plane
            parts.append(halved(places(squares(first, axis), planes), ids, ids))
    return joined(parts)
