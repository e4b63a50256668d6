"""What can be said of one volume: relative error, place, surface and gaps of a material's body."""

from collections.abc import Sequence
from typing import Final

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from sem3d.metrics.surfaces import surface_distance

THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds of the oracle; source: Zheng et al. (BSE-VoxNets), section III A."""
STEPS: Final = 2**20
"""Steps per unit that probabilities are rounded to before they are summed: their sums are exact."""


def body_numbers(
    predicted: UInt8[Tensor, "Z Y X"],
    truth: UInt8[Tensor, "Z Y X"],
    last: int,
    voxel_nm: Sequence[float],
    probability: Float[Tensor, "Z Y X"] | None = None,
) -> dict[str, float]:
    """Score one volume that holds the material `last`; see `BodyScores` for the numbers.

    Args:
        predicted: labels found.
        truth: true labels.
        last: label of the body.
        voxel_nm: voxel size (dz, dy, dx) [nm].
        probability: of the body, or a score 0..1; None leaves its numbers out.
    """
    found, true = predicted == last, truth == last
    numbers = {
        "iou": overlap(found, true),
        "filled": int(true.sum()) / true.numel(),
        "miou_materials": materials_overlap(predicted, truth),
        "mre": int((found ^ true).sum()) / int(true.sum()),
        "missed": float(not found.any()),
        "depth_error_nm": abs(mean_depth(found) - mean_depth(true)) * voxel_nm[0],
        "surface_distance_nm": surface_distance(found, true, voxel_nm),
    }
    gap = between(true)
    if gap.any():
        numbers["gap_free"] = int((gap & ~found).sum()) / int(gap.sum())
    return numbers if probability is None else numbers | _graded(probability.double(), true)


def overlap(found: Bool[Tensor, "Z Y X"], true: Bool[Tensor, "Z Y X"]) -> float:
    """Return the intersection over union; one of the two must not be empty."""
    return int((found & true).sum()) / int((found | true).sum())


def materials_overlap(predicted: UInt8[Tensor, "Z Y X"], truth: UInt8[Tensor, "Z Y X"]) -> float:
    """Return the mean IoU of the materials that are in the truth."""
    present = [k for k in truth.unique().tolist() if k > 0]
    return sum(overlap(predicted == k, truth == k) for k in present) / len(present)


def mean_depth(body: Bool[Tensor, "Z Y X"]) -> float:
    """Return the z of the centroid [voxels]; NaN of an empty body."""
    counts = body.sum((1, 2)).double()
    places = torch.arange(len(body), dtype=torch.float64, device=body.device)
    return float((counts * places).sum() / counts.sum())


def between(body: Bool[Tensor, "Z Y X"]) -> Bool[Tensor, "Z Y X"]:
    """Return the voxels not of the body that lie between two of it on a grid line."""
    gap = torch.zeros_like(body)
    for axis in range(3):
        before = body.int().cumsum(axis) > 0
        after = body.flip(axis).int().cumsum(axis).flip(axis) > 0
        gap |= before & after & ~body
    return gap


def _graded(probability: Tensor, true: Tensor) -> dict[str, float]:
    error = ((probability - true.double()).abs() * STEPS).round().sum() / STEPS
    overlaps = [overlap(probability > threshold, true) for threshold in THRESHOLDS]
    best = max(overlaps)
    return {
        "mre_probability": float(error) / int(true.sum()),
        "oracle_iou": best,
        "oracle_threshold": THRESHOLDS[overlaps.index(best)],
    }
