"""From voxels to triangles: two for every face between voxels of different content."""

from typing import Final

import numpy as np
from jaxtyping import Float, Integer

from sem3d.geometry.triangles import VACUUM, Triangles, joined
from sem3d.specimen import VoxelSpecimen

Grid = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Planes along x, y and z [nm]."""

_CORNERS: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])  # of a square, anticlockwise
_HALVES: Final = [[0, 1, 2], [0, 2, 3]]


def specimen_faces(specimen: VoxelSpecimen) -> Triangles:
    """Return the surfaces of all materials of a specimen, every one closed.

    ``box.materials[k]`` has the id k; around the box is vacuum. z points down from the surface.
    """
    ids = np.append(VACUUM, np.arange(len(specimen.box.materials)))[specimen.labels]
    sizes = zip(specimen.box.shape, specimen.box.voxel_nm, strict=True)
    z, y, x = (
        float(nm) * np.arange(-1, n + 2) for n, nm in sizes
    )  # with a vacuum voxel all around
    return voxel_faces(np.pad(ids.transpose(2, 1, 0), 1, constant_values=VACUUM), (x, y, z))


def voxel_faces(ids: Integer[np.ndarray, "X Y Z"], grid: Grid) -> Triangles:
    """Return two triangles for every face between voxels of different ids.

    Args:
        ids: (nx, ny, nz).
        grid: planes between the voxels, (nx + 1,), (ny + 1,), (nz + 1,) [nm].
    """
    parts = []
    for axis in range(3):
        voxels = np.moveaxis(ids, axis, 0)
        differ = np.moveaxis(voxels[:-1] != voxels[1:], 0, axis)
        lower = np.argwhere(differ)
        upper = lower + np.eye(3, dtype=int)[axis]
        sides = ids[tuple(lower.T)], ids[tuple(upper.T)]
        parts.append(halved(places(squares(upper, axis), grid), *sides))
    return joined(parts)


def squares(first: Integer[np.ndarray, "N 3"], axis: int) -> Integer[np.ndarray, "N 4 3"]:
    """Return the corners of unit squares on grid points `first`, normal to +axis."""
    corners = np.repeat(first[:, None], 4, axis=1)
    corners[..., (axis + 1) % 3] += _CORNERS[:, 0]
    corners[..., (axis + 2) % 3] += _CORNERS[:, 1]
    return corners


def places(points: Integer[np.ndarray, "N 4 3"], grid: Grid) -> Float[np.ndarray, "N 4 3"]:
    """Return the places of grid points [nm]."""
    return np.stack([plane[points[..., k]] for k, plane in enumerate(grid)], axis=-1)


def halved(
    corners: Float[np.ndarray, "N 4 3"],
    inside: Integer[np.ndarray, " N"],
    outside: Integer[np.ndarray, " N"],
) -> Triangles:
    """Cut squares into two triangles each, with the same ids on their sides."""
    vertices = corners[:, _HALVES].reshape(-1, 3, 3)
    return Triangles(vertices, np.repeat(inside, 2), np.repeat(outside, 2))
