"""The file of a column table: what was simulated, how, and the surface fitted through it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Float64, Int32

from sem3d.errors import InputError
from sem3d.files import read_arrays, write_arrays

SHIPPED: Final = Path(__file__).with_name("column_table.npz")
"""Aluminium over gold on silicon."""
BUILDER: Final = "python -m sem3d.simulate.column_table_build"


@dataclass(frozen=True)
class ColumnFile:
    """Backscattered electrons of layered columns.

    Attributes:
        materials: of the layers, lowest first.
        substrate: material of the half space below.
        thickness_nm: simulated thicknesses of each layer, from 0 on [nm].
        energies_keV: simulated energies (NE,) [keV].
        counts: (N1, .., NL, NE) backscattered electrons.
        electrons: beam electrons behind each count.
        coefficients: (K1, .., KL, KE) of the surface, see `sem3d.simulate.column_fit`.
        engine: provenance of the engine that counted, with its seed and tables.
        sha256: of the file, empty before it is written.
    """

    materials: tuple[str, ...]
    substrate: str
    thickness_nm: tuple[Float64[np.ndarray, "_"], ...]
    energies_keV: Float64[np.ndarray, " NE"]
    counts: Int32[np.ndarray, "..."]
    electrons: int
    coefficients: Float64[np.ndarray, "..."]
    engine: Mapping[str, Any]
    sha256: str = ""

    @property
    def name(self) -> str:
        """The layers from the top down, in words."""
        return " on ".join((*reversed(self.materials), self.substrate))

    @property
    def limits_nm(self) -> tuple[float, ...]:
        """Thickest simulated layers [nm]."""
        return tuple(float(d[-1]) for d in self.thickness_nm)

    def axis(self, energies_keV: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Return where energies [keV] lie on the axis of the surface, -1..1 inside the table."""
        low, high = np.log(self.energies_keV[[0, -1]])
        return (2 * np.log(energies_keV) - low - high) / (high - low)

    @property
    def axes(self) -> list[Float[np.ndarray, "_"]]:
        """Simulated thicknesses and energies on the axes of the surface, -1..1."""
        return [*(2 * d / d[-1] - 1 for d in self.thickness_nm), self.axis(self.energies_keV)]


def write(table: ColumnFile, path: Path) -> None:
    """Write a table and, beside it, its SHA-256."""
    told = {
        "materials": table.materials,
        "substrate": table.substrate,
        "electrons": table.electrons,
        "engine": table.engine,
    }
    layers = {f"thickness_nm_{k}": d for k, d in enumerate(table.thickness_nm)}
    surface = {
        "told": json.dumps(told),
        "energies_keV": table.energies_keV,
        "counts": table.counts,
        "coefficients": table.coefficients,
    }
    write_arrays(path, surface | layers)


def read(path: Path = SHIPPED) -> ColumnFile:
    """Return a table.

    Raises:
        InputError: the file or its checksum is missing, or it is not the file that was written.
    """
    stored, sha256 = read_arrays(path, f"make it with {BUILDER} or correct simulator.table")
    try:
        return _table(stored, sha256)
    except (ValueError, KeyError):
        raise InputError(f"{path} is no column table; make one with {BUILDER}") from None


def _table(stored: Mapping[str, np.ndarray], sha256: str) -> ColumnFile:
    told = json.loads(str(stored["told"]))
    return ColumnFile(
        materials=tuple(told["materials"]),
        substrate=told["substrate"],
        thickness_nm=tuple(stored[f"thickness_nm_{k}"] for k in range(len(told["materials"]))),
        energies_keV=stored["energies_keV"],
        counts=stored["counts"],
        electrons=told["electrons"],
        coefficients=stored["coefficients"],
        engine=told["engine"],
        sha256=sha256,
    )
