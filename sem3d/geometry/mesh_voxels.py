"""Voxels of a closed surface: rays along z through the voxel centres, counted with their sense.

A ray crosses a triangle where the triangle's projection winds around it. The winding is summed over
the edges, each judged by one comparison that its two triangles share to the last bit, and an end
belongs to one of the two edges that meet there. So a ray that hits an edge or a corner crosses a
closed surface in balance, without tolerance or shift. See Jacobson et al., ACM Trans. Graph. 32
(2013) 33, for winding numbers as the meaning of inside.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from sem3d.errors import InputError
from sem3d.specimen import VoxelBox

_PAIRS: Final = 1 << 20  # of a triangle and a ray looked at together: tens of MB
_NEXT: Final = [1, 2, 0]
_STICKS_OUT: Final = 1e-3  # voxels beyond the box: rounding to single precision


def voxels_of(
    corners: Float[np.ndarray, "N 3 3"], box: VoxelBox, name: str
) -> Bool[np.ndarray, "Z Y X"]:
    """Return the voxels whose centres lie inside a closed surface.

    Bodies that overlap count as one; a centre on the surface belongs to the body where the surface
    is its upper, left or front side.

    Args:
        corners: triangles, corners x, y, z [nm], normals all outwards or all inwards.
        box: the grid; its corner is the origin.
        name: of the surface, for messages.

    Raises:
        InputError: the surface is not closed, leaves the box or holds no voxel centre.
    """
    check_closed(corners, name)
    size = np.array(box.voxel_nm[::-1], float)
    shape = np.array(box.shape[::-1])
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    for axis, one, two, end, step in zip("xyz", low, high, shape * size, size, strict=True):
        if one < -_STICKS_OUT * step or two > end + _STICKS_OUT * step:
            raise InputError(
                f"{name} reaches from {axis} = {one:g} to {two:g} nm but the box from 0 to "
                f"{end:g} nm; move or scale the part, or enlarge the box"
            )
    places = corners / size - 0.5  # centres of voxels are whole numbers
    sense = np.zeros((box.shape[0] + 1, *box.shape[1:]), np.int64)
    for which, column, row in _rays(places, box.shape[2], box.shape[1]):
        triangles = places[which]
        turns = _winding(triangles[..., :2], column, row)
        hit = np.flatnonzero(turns)
        depth = _depth(triangles[hit], column[hit], row[hit])
        below = np.clip(np.ceil(depth), 0, box.shape[0]).astype(np.int64)
        np.add.at(sense, (below, row[hit], column[hit]), turns[hit])
    inside = sense.cumsum(axis=0)[:-1] != 0
    if not inside.any():
        raise InputError(f"{name} holds the centre of no voxel; choose smaller voxels")
    return inside


def check_closed(corners: Float[np.ndarray, "N 3 3"], name: str) -> None:
    """Refuse a surface with an edge that is not passed as often one way as the other.

    Raises:
        InputError: the surface has a hole, or triangles that face different ways.
    """
    points = _numbered(corners)
    start, end = points.ravel(), points[:, _NEXT].ravel()
    edges = np.minimum(start, end) * (points.max() + 1) + np.maximum(start, end)
    _, edge = np.unique(edges, return_inverse=True)
    if wrong := np.count_nonzero(np.bincount(edge, np.sign(end - start))):
        raise InputError(
            f"{name} is not closed: {wrong:,} edges have no triangle on their other side, or one "
            "that faces the other way; close the part and make its normals point outwards"
        )


def volume_of(corners: Float[np.ndarray, "N 3 3"]) -> float:
    """Return the volume inside a closed surface by the divergence theorem; inside out, below 0."""
    return float(np.linalg.det(corners.astype(np.float64)).sum() / 6)


def _numbered(corners: Float[np.ndarray, "N 3 3"]) -> Int[np.ndarray, "N 3"]:
    """Number the different places; equal places share a number."""
    points = np.ascontiguousarray(corners.reshape(-1, 3) + 0.0)  # no -0, which has other bytes
    raw = points.view(np.dtype((np.void, points.dtype.itemsize * 3))).ravel()
    return np.unique(raw, return_inverse=True)[1].reshape(-1, 3).astype(np.int64)


def _rays(
    places: Float[np.ndarray, "N 3 3"], columns: int, rows: int
) -> Iterator[tuple[Int[np.ndarray, "P"], Int[np.ndarray, "P"], Int[np.ndarray, "P"]]]:
    """Yield triangles, columns and rows of the pairs that may meet, some at a time."""
    low, high = places[..., :2].min(axis=1), places[..., :2].max(axis=1)
    # one column more on the left: there rounding may move a ray across an edge, for both triangles
    first = np.maximum([np.floor(low[:, 0]), np.ceil(low[:, 1])], 0).astype(np.int64)
    last = np.minimum(np.floor(high).T, [[columns - 1], [rows - 1]]).astype(np.int64)
    wide, tall = np.maximum(last - first + 1, 0)
    ends = np.cumsum(wide * tall)
    for part in np.split(np.arange(len(ends)), np.flatnonzero(np.diff(ends // _PAIRS)) + 1):
        which = np.repeat(part, (wide * tall)[part])
        place = np.arange(len(which)) - (ends - wide * tall)[which] + (ends - wide * tall)[part[0]]
        yield which, first[0, which] + place % wide[which], first[1, which] + place // wide[which]


def _winding(
    triangles: Float[np.ndarray, "P 3 2"], x: Int[np.ndarray, "P"], y: Int[np.ndarray, "P"]
) -> Int[np.ndarray, "P"]:
    """Return how often each triangle winds around its point: -1, 0 or 1."""
    turns = np.zeros(len(triangles), np.int64)
    for a, b in zip((0, 1, 2), _NEXT, strict=True):
        one, two = triangles[:, a], triangles[:, b]
        rising = one[:, 1] < two[:, 1]
        low, high = (np.where(rising[:, None], *pair) for pair in ((one, two), (two, one)))
        across = (low[:, 1] <= y) & (y < high[:, 1])
        left = (x - low[:, 0]) * (high[:, 1] - low[:, 1]) < (high[:, 0] - low[:, 0]) * (
            y - low[:, 1]
        )
        turns += np.where(rising, 1, -1) * (across & left)
    return turns


def _depth(
    triangles: Float[np.ndarray, "P 3 3"], x: Shaped[np.ndarray, "P"], y: Shaped[np.ndarray, "P"]
) -> Float[np.ndarray, "P"]:
    """Return where rays along z meet the planes of triangles, kept between their corners."""
    one, two, three = triangles.transpose(1, 0, 2)
    nx, ny, nz = np.cross(two - one, three - one).T
    steep = np.where(nz == 0, 1, nz)  # seen edge on: any place between its corners will do
    depth = one[:, 2] - (nx * (x - one[:, 0]) + ny * (y - one[:, 1])) / steep
    return np.clip(depth, triangles[..., 2].min(axis=1), triangles[..., 2].max(axis=1))
