"""Example arrays beside a result file: scans, truths and predictions of a few samples."""

import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sem3d.errors import InputError

REQUIRED: Final = {
    "index": 1,
    "scan": 4,
    "energies_keV": 1,
    "true_labels": 4,
    "predicted_labels": 4,
}
"""Arrays of every example file and their number of axes."""


def read_arrays(
    path: Path, required: Mapping[str, int] = REQUIRED, skip: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Read the example arrays beside a result file.

    Args:
        path: the example file.
        required: arrays that must be there and their number of axes.
        skip: arrays to leave out; the scans are most of a file.

    Raises:
        InputError: the file is missing or truncated, or lacks an array.
    """
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files if name not in skip}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} is not a readable example file ({error}); evaluate the predictor again"
        ) from error
    for name, axes in required.items():
        if name not in skip and (name not in arrays or arrays[name].ndim != axes):
            raise InputError(
                f"{path} lacks the array {name!r} with {axes} axes; evaluate the predictor again"
            )
    return arrays


def check_agreement(
    same: bool, finite: Collection[np.ndarray], arrays: Mapping[str, np.ndarray], path: Path
) -> None:
    """Raise `InputError` unless the shapes are the `same` and all of `finite` is."""
    if not same:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(f"{path} holds arrays that disagree ({shapes}); evaluate again")
    if not all(np.isfinite(array).all() for array in finite):
        raise InputError(f"{path} holds a scan or prediction that is not finite; evaluate again")
