"""Scores of the last material of voxel specimens: sample by sample, means, by depth."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, UInt8
from torch import Tensor

from sem3d.metrics.body import body_numbers
from sem3d.metrics.sample_rows import SampleRows

NUMBERS: Final = (
    "iou",
    "filled",
    "miou_materials",
    "mre",
    "mre_probability",
    "oracle_iou",
    "oracle_threshold",
    "depth_error_nm",
    "surface_distance_nm",
    "missed",
    "gap_free",
)
"""What is known of every sample, in the order of its row."""
NOT_AVERAGED: Final = ("iou", "oracle_threshold")


class BodyScores(SampleRows):
    """Scores of the last material of voxel specimens, called the body.

    Of a volume that holds the body, with y = 1 in its true voxels and 0 elsewhere, p what was found
    and TP, FP, FN the voxels found rightly, wrongly and not at all:

    - ``iou`` = TP / (TP + FP + FN);
    - ``filled``, the share of its voxels that the body fills: the IoU of calling everything body;
    - ``miou_materials``, the mean IoU of the materials that the volume holds;
    - ``mre`` = sum |p - y| / sum y = (FP + FN) / (TP + FN) of labels; ``mre_probability``, the same
      of probabilities;
    - ``oracle_iou``, the best IoU that probabilities above 0.5, 0.6, 0.7, 0.8 or 0.9 give, and
      ``oracle_threshold``, the lowest of those that give it: both are chosen by the truth;
    - ``depth_error_nm``, distance in z of the centroids found and true [nm];
    - ``surface_distance_nm``, see `sem3d.metrics.surfaces.surface_distance` [nm];
    - ``missed``, 1 where no voxel of it was found, else 0;
    - ``gap_free``, share of the gap's voxels where it was not found; the gap is what is not of the
      body but lies between two voxels of it on a grid line.

    A sample has none of these if its volume lacks the body, no centroid and surface distance if
    none was found, and no gap or probability if there is none.

    `compute` returns means over the samples that have the number, and leaves out what none has:
    ``miou_materials``, and ``mre/<material>`` and so on for all others but ``iou``, whose mean is
    ``iou_present/<material>`` of `VoxelScores`, and the threshold.

    Args:
        classes: names of the classes in label order, class 0 is empty space.
        voxel_nm: voxel size (dz, dy, dx) [nm].
        slices: voxels along z.
    """

    def __init__(self, classes: Sequence[str], voxel_nm: Sequence[float], slices: int) -> None:
        super().__init__(1 + len(NUMBERS) + 2 * slices, torch.float64)
        self.classes, self.voxel_nm = tuple(classes), tuple(voxel_nm)

    def update(
        self,
        index: Int[Tensor, "B"],
        predicted: UInt8[Tensor, "B Z Y X"],
        truth: UInt8[Tensor, "B Z Y X"],
        probability: Float[Tensor, "B Z Y X"] | None = None,
    ) -> None:
        """Add the samples `index` (B,): labels, and the probability of the last material."""
        last = len(self.classes) - 1
        found, true = predicted == last, truth == last
        rows = torch.full((len(index), len(NUMBERS)), math.nan, dtype=torch.float64)
        for n in torch.nonzero(true.flatten(1).any(1))[:, 0].tolist():
            graded = None if probability is None else probability[n]
            numbers = body_numbers(predicted[n], truth[n], last, self.voxel_nm, graded)
            rows[n] = rows.new_tensor([numbers.get(name, math.nan) for name in NUMBERS])
        depths = [(found & true).sum((2, 3)), (found | true).sum((2, 3))]
        self.add_rows(index, torch.cat([rows.to(found.device), *depths], dim=1))

    def compute(self) -> dict[str, float]:
        """Means of the class docstring, by name.

        Raises:
            InputError: no sample was seen.
        """
        return body_means(self.sorted_rows(), self.classes[-1])


def body_means(rows: Float64[np.ndarray, "N W"], body: str) -> dict[str, float]:
    """Return the means over the rows of a `BodyScores` table; names as in its docstring."""
    means = {}
    for name, values in zip(NUMBERS, rows[:, 1:].T, strict=False):
        known = values[~np.isnan(values)]
        if len(known) and name not in NOT_AVERAGED:
            full = name if name == "miou_materials" else f"{name}/{body}"
            means[full] = float(known.mean())
    return means


def by_sample(rows: Float64[np.ndarray, "N W"]) -> dict[str, list[float | None]]:
    """Return ``index`` and every number of the samples; None where a sample has none."""
    columns = zip(NUMBERS, rows[:, 1:].T, strict=False)
    numbers = {n: [None if math.isnan(v) else v for v in vs.tolist()] for n, vs in columns}
    return {"index": rows[:, 0].astype(int).tolist(), **numbers}


def by_depth(rows: Float64[np.ndarray, "N W"]) -> list[float | None]:
    """Return the IoU of the body in each slice from the top, pooled over samples.

    None where a slice neither holds the body nor was found to.
    """
    both, union = rows[:, 1 + len(NUMBERS) :].sum(0).reshape(2, -1)
    return [b / u if u else None for b, u in zip(both.tolist(), union.tolist(), strict=True)]
