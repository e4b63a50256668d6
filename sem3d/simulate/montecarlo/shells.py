"""Electron shells of atoms in solids."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sem3d.simulate.montecarlo.element_data import rows

Shell = tuple[float, int]
"""Binding energy [eV], 0 for valence electrons, and number of electrons."""


def _shell(text: str) -> Shell:
    binding, electrons = text.split(":")
    return float(binding), int(electrons)


SHELLS: Final[Mapping[str, tuple[Shell, ...]]] = MappingProxyType(
    {row["element"]: tuple(map(_shell, row["shells"].split())) for row in rows("shells")}
)
"""By element; the sources stand in ``shells.csv``."""
