"""Six specimens of copper in a 20 nm silicon film with their images by Nebula 1.0.2.

Made once from its output (CPU, energy threshold 50 eV, mirrors at the sides, point beam in the
middle of pixels of 1 nm, absorber below), which holds nothing else; the counts are as they were.
Simulator: van Kessel and Hagen, SoftwareX 12 (2020) 100605.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from sem3d.files import read_arrays

DATA: Final = Path(__file__).with_name("nebula_specimens.npz")
SILICON: Final = 1
COPPER: Final = 2


@dataclass(frozen=True)
class Specimen:
    """A film of cubic voxels of 1 nm and what Nebula counted.

    Attributes:
        name: shape of the copper.
        labels: (20, 20, 20), z down: `SILICON` or `COPPER`.
        energies_keV: beam energies (E,) [keV].
        counts: backscattered electrons (E, 20, 20).
        electrons: beam electrons per pixel and energy.
    """

    name: str
    labels: UInt8[np.ndarray, "Z Y X"]
    energies_keV: tuple[float, ...]
    counts: Int64[np.ndarray, "E Y X"]
    electrons: int

    @property
    def columns(self) -> Bool[np.ndarray, "Y X"]:
        """Pixels with copper below."""
        return (self.labels == COPPER).any(0)

    def nearest(self, energy_keV: float) -> int:
        """Return the index of the energy nearest to one [keV]."""
        return int(np.abs(np.array(self.energies_keV) - energy_keV).argmin())


@cache
def load_specimens(path: Path = DATA) -> tuple[Specimen, ...]:
    """Return the specimens.

    Raises:
        InputError: the file or its checksum is missing or damaged.
    """
    stored, _ = read_arrays(path, "install sem3d again")
    copper = np.unpackbits(stored["copper"], axis=-1, count=20)
    return tuple(
        Specimen(
            str(name),
            np.where(inside, COPPER, SILICON).astype(np.uint8),
            tuple(stored["energies_keV"].tolist()),
            counts.astype(np.int64),
            int(stored["electrons"]),
        )
        for name, inside, counts in zip(stored["names"], copper, stored["counts"], strict=True)
    )
