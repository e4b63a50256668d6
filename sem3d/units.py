"""Units and axes of every array in sem3d. Axis order is fixed, batch first.

Lengths are nm, beam energies keV, densities g/cm3, dose electrons per pixel and energy.
z = 0 is the specimen surface and grows into the specimen.
"""

from typing import Final

AXES: Final = {
    "scan": ("energy", "y", "x"),
    "thickness_nm": ("layer", "y", "x"),
    "labels": ("z", "y", "x"),
}
"""Axis names by array; the same names stand in every store."""

UNITS: Final = {
    "scan": "backscatter signal",
    "thickness_nm": "nm",
    "labels": "class (0 = empty, k = materials[k-1])",
    "energies_keV": "keV",
    "voxel_nm": "nm",
}
"""Unit by array."""
