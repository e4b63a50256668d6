"""Electron shells of atoms in solids."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Shell = tuple[float, int]
"""Binding energy [eV], 0 for valence electrons, and number of electrons."""

# Gwyn P. Williams, "Electron binding energies", table 1-1 of the X-ray Data Booklet, Lawrence
# Berkeley National Laboratory (2009), rounded. 2s of the second row counts as valence.
SHELLS: Final[Mapping[str, tuple[Shell, ...]]] = MappingProxyType(
    {
        "C": ((284.2, 2), (0, 4)),
        "N": ((409.9, 2), (0, 5)),
        "O": ((543, 2), (0, 6)),
        "Al": ((1560, 2), (118, 2), (73, 6), (0, 3)),
        "Si": ((1839, 2), (150, 2), (99.8, 2), (99.2, 4), (0, 4)),
        "Ti": ((4966, 2), (560.9, 2), (460.2, 2), (453.8, 4), (58.7, 2), (32.6, 6), (0, 4)),
        "Cu": (
            *((8979, 2), (1097, 2), (952, 2), (933, 4)),
            *((122.5, 2), (77, 2), (75, 4), (0, 11)),
        ),
        "W": (
            *((69525, 2), (12100, 2), (11544, 2), (10207, 4)),
            *((2820, 2), (2575, 2), (2281, 4), (1872, 4), (1809, 6)),
            *((594.1, 2), (490.4, 2), (423.6, 4), (255.9, 4), (243.5, 6)),
            *((33.6, 6), (31.4, 8), (75.6, 2), (45.3, 2), (36.8, 4), (0, 6)),
        ),
        "Au": (
            *((80725, 2), (14353, 2), (13734, 2), (11919, 4)),
            *((3425, 2), (3148, 2), (2743, 4), (2291, 4), (2206, 6)),
            *((762, 2), (643, 2), (546, 4), (353, 4), (335, 6)),
            *((88, 6), (84, 8), (107, 2), (74, 2), (57, 4), (0, 11)),
        ),
    }
)
