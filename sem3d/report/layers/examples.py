"""Example arrays of layered specimens."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, UInt8

from sem3d.geometry.voxelise import thickness_from_labels
from sem3d.report.examples import REQUIRED, check_agreement, read_arrays

_PIXELWISE: Final = ("residual", "ambiguity")
"""What a predictor may say about every pixel."""


def read_examples(path: Path, skip: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Read and check the example arrays beside a result file.

    Args:
        path: the example file.
        skip: arrays to leave out; the scans are most of a file.

    Raises:
        InputError: the file is missing or truncated, lacks an array, or its arrays disagree.
    """
    arrays = read_arrays(path, REQUIRED | {"true_thickness_nm": 4}, skip)
    samples, *_, y, x = arrays["true_labels"].shape
    true = arrays["true_thickness_nm"]
    found = arrays.get("predicted_thickness_nm", true)
    scan = arrays.get("scan", np.zeros((samples, len(arrays["energies_keV"]), 0, 0)))
    same = (
        arrays["true_labels"].shape == arrays["predicted_labels"].shape
        and true.shape == found.shape == arrays.get("uncertainty_nm", true).shape
        and all(arrays[n].shape == (samples, y, x) for n in _PIXELWISE if n in arrays)
        and scan.shape[:2] == (samples, len(arrays["energies_keV"]))
        and len(arrays["index"]) == len(true) == samples
    )
    check_agreement(same, (found, scan), arrays, path)
    return arrays


def thickness_of(
    labels: UInt8[np.ndarray, "Z Y X"], layers: int, height_nm: float
) -> Float[np.ndarray, "L Y X"]:
    """Return each layer's thickness [nm]: the voxels of its label times the voxel height."""
    found = thickness_from_labels(torch.from_numpy(labels), float(height_nm), layers)
    return found.double().numpy()
