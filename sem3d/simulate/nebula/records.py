"""Nebula's electron records: 36 bytes each, the same in its input and its output."""

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Int64

from sem3d.errors import InputError

RECORD: Final = np.dtype(
    [
        ("place", "=f4", 3),
        ("direction", "=f4", 3),
        ("energy_eV", "=f4"),
        ("px", "=i4"),
        ("py", "=i4"),
    ]
)
"""x, y, z [nm]; direction; kinetic energy in vacuum [eV]; two tags that secondaries inherit.

sem3d writes px = energy index x image columns + column and py = row: one run holds all energies.
"""

_CHUNK: Final = 1 << 16  # records looked at together: they stay in the cache


def count_records(
    path: Path, shape: tuple[int, int, int], e_cut_eV: float
) -> Int64[np.ndarray, "E Y X"]:
    """Count the electrons of a detector file by the energy and pixel of their primaries.

    Args:
        path: Nebula's output, in any order and of any size: it is read in pieces.
        shape: energies, rows and columns of the image.
        e_cut_eV: lowest energy that counts [eV].

    Raises:
        InputError: the file ends inside a record, or an electron belongs to no pixel.
    """
    size = path.stat().st_size
    if size % RECORD.itemsize:
        raise InputError(
            f"{path} has {size:,} bytes, no whole number of records of {RECORD.itemsize} bytes: "
            "the output is cut short; free some disk space and run again"
        )
    energies, rows, columns = shape
    counts = np.zeros(rows * energies * columns, np.int64)
    records = np.memmap(path, RECORD, "r") if size else np.empty(0, RECORD)
    for first in range(0, len(records), _CHUNK):
        chunk = records[first : first + _CHUNK]
        px, py = chunk["px"], chunk["py"]
        if min(px.min(), py.min()) < 0 or px.max() >= energies * columns or py.max() >= rows:
            raise InputError(
                f"{path} holds an electron of no pixel of the image {shape}; use the simulator "
                "that sem3d was tested with, and its own files"
            )
        place = py.astype(np.int64) * (energies * columns) + px
        counts += np.bincount(place[chunk["energy_eV"] >= e_cut_eV], minlength=counts.size)
    return counts.reshape(rows, energies, columns).transpose(1, 0, 2)
