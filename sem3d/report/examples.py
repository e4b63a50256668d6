"""Example arrays beside a result file: scans, truths and predictions of a few samples."""

import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, UInt8

from sem3d.errors import InputError
from sem3d.geometry.voxelise import thickness_from_labels

_ARRAYS: Final = {
    "index": 1,
    "scan": 4,
    "energies_keV": 1,
    "true_labels": 4,
    "predicted_labels": 4,
    "true_thickness_nm": 4,
}
"""Required arrays and their number of axes."""

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
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files if name not in skip}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} is not a readable example file ({error}); evaluate the predictor again"
        ) from error
    for name, axes in _ARRAYS.items():
        if name not in skip and (name not in arrays or arrays[name].ndim != axes):
            raise InputError(
                f"{path} lacks the array {name!r} with {axes} axes; evaluate the predictor again"
            )
    _check_agreement(arrays, path)
    return arrays


def thickness_of(
    labels: UInt8[np.ndarray, "Z Y X"], layers: int, height_nm: float
) -> Float[np.ndarray, "L Y X"]:
    """Return each layer's thickness [nm]: the voxels of its label times the voxel height."""
    found = thickness_from_labels(torch.from_numpy(labels), float(height_nm), layers)
    return found.double().numpy()


def _check_agreement(arrays: Mapping[str, np.ndarray], path: Path) -> None:
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
    if not same:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(f"{path} holds arrays that disagree ({shapes}); evaluate again")
    if not (np.isfinite(found).all() and np.isfinite(scan).all()):
        raise InputError(f"{path} holds a scan or thickness that is not finite; evaluate again")
