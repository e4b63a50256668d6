"""Distance between the surfaces of two bodies on a voxel grid."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float64
from torch import Tensor
from torch.nn.functional import pad


def surface_distance(
    found: Bool[Tensor, "Z Y X"], true: Bool[Tensor, "Z Y X"], voxel_nm: Sequence[float]
) -> float:
    """Return the mean symmetric surface distance of two bodies [nm].

    The surface of a body is its voxels with a neighbour, across a face, that is not of the body.
    The walls of the grid are no surface. From every surface voxel of either body the distance to
    the nearest surface voxel of the other is taken, and the mean over both. NaN where a body has no
    surface: it is empty or fills the grid.

    Source: T. Heimann et al., IEEE Trans. Med. Imaging 28, 1251 (2009).

    Args:
        found: one body.
        true: the other.
        voxel_nm: voxel size (dz, dy, dx) [nm].
    """
    ours, theirs = surface(found), surface(true)
    to_theirs = distance(theirs, voxel_nm)[ours]
    to_ours = distance(ours, voxel_nm)[theirs]
    if not (len(to_theirs) and len(to_ours)):
        return float("nan")
    # a fixed grid makes the sum exact, whatever the order of addition
    both = torch.cat([to_theirs, to_ours])
    return float((both * 2**20).round().sum() / 2**20 / len(both))


def surface(body: Bool[Tensor, "Z Y X"]) -> Bool[Tensor, "Z Y X"]:
    """Return the voxels of a body that touch another voxel which is not of it."""
    wide = pad(body[None].float(), (1, 1, 1, 1, 1, 1), mode="replicate")[0] > 0
    inner = body.clone()
    for axis in range(3):
        middle = [slice(1, -1)] * 3
        for step in (slice(0, -2), slice(2, None)):
            middle[axis] = step
            inner &= wide[tuple(middle)]
    return body & ~inner


def distance(points: Bool[Tensor, "Z Y X"], voxel_nm: Sequence[float]) -> Float64[Tensor, "Z Y X"]:
    """Return every voxel's distance to the nearest of `points` [nm], infinite if there is none.

    Exact: squared distances are least sums over one axis after the other.
    """
    squared = torch.where(points, 0.0, torch.inf).double()
    for axis, size in enumerate(voxel_nm):
        place = torch.arange(points.shape[axis], dtype=torch.float64, device=points.device) * size
        apart = (place[:, None] - place) ** 2
        lines = squared.movedim(axis, -1)[..., None, :] + apart
        squared = lines.amin(-1).movedim(-1, axis)
    return squared.sqrt()
