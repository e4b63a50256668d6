"""Elements and compounds: atomic number, atomic weight, density, each with its source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sem3d.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Element:
    """A chemical element: atomic number `Z` and standard atomic weight `A` [g/mol]."""

    Z: int
    A: float


# Atomic weights: IUPAC 2021, abridged (Prohaska et al., Pure Appl. Chem. 94 (2022) 573).
ELEMENTS: Final[Mapping[str, Element]] = MappingProxyType(
    {
        "C": Element(6, 12.011),
        "N": Element(7, 14.007),
        "O": Element(8, 15.999),
        "Al": Element(13, 26.982),
        "Si": Element(14, 28.085),
        "Ti": Element(22, 47.867),
        "Cu": Element(29, 63.546),
        "W": Element(74, 183.84),
        "Au": Element(79, 196.967),
    }
)

_CRC = "CRC Handbook of Chemistry and Physics, 97th ed. (2016)"
_GLASS = "vitreous, CRC Handbook of Chemistry and Physics, 97th ed. (2016)"

# Density [g/cm3] at room temperature and its source.
_DENSITIES: Final = {
    "C": (2.2, "graphite, " + _CRC),
    "Al": (2.70, _CRC),
    "Si": (2.33, _CRC),
    "Ti": (4.506, _CRC),
    "Cu": (8.96, _CRC),
    "W": (19.3, _CRC),
    "Au": (19.32, _CRC),
    "SiO2": (2.20, _GLASS),
    "Si3N4": (3.17, _CRC),
    "TiN": (5.21, _CRC),
}


@dataclass(frozen=True)
class Material:
    """A solid: a name, its atoms per formula unit and its density.

    Attributes:
        name: chemical formula, e.g. ``"Au"`` or ``"SiO2"``.
        atoms: atoms per formula unit by element symbol.
        density_g_cm3: mass density [g/cm3].
        source: where the density comes from.
    """

    name: str
    atoms: Mapping[str, float]
    density_g_cm3: float
    source: str

    @property
    def weight_fractions(self) -> dict[str, float]:
        """Mass fraction of each element; they sum to 1."""
        mass = {symbol: n * ELEMENTS[symbol].A for symbol, n in self.atoms.items()}
        total = sum(mass.values())
        return {symbol: m / total for symbol, m in mass.items()}

    @property
    def mean_Z(self) -> float:  # noqa: N802
        """Atomic number averaged by mass fraction, the usual rule for backscatter contrast."""
        return sum(ELEMENTS[s].Z * w for s, w in self.weight_fractions.items())


def parse_formula(formula: str) -> dict[str, float]:
    """Split a formula such as ``"Si3N4"`` into atoms per formula unit.

    Raises:
        InputError: the formula is malformed or names an element without data.
    """
    parts = re.findall(r"([A-Z][a-z]?)(\d*\.?\d+|)", formula)
    if not formula or "".join(s + n for s, n in parts) != formula:
        raise InputError(f"material {formula!r} is not a chemical formula; write it like 'SiO2'")
    atoms: dict[str, float] = {}
    for symbol, count in parts:
        if symbol not in ELEMENTS:
            hint = did_you_mean(symbol, ELEMENTS)
            raise InputError(
                f"material {formula!r} has the unknown element {symbol!r}{hint}; "
                "sem3d.simulate.montecarlo.build tells how to add one"
            )
        atoms[symbol] = atoms.get(symbol, 0.0) + float(count or 1)
    return atoms


def material(name: str) -> Material:
    """Return the tabulated material called `name`.

    Raises:
        InputError: no density is tabulated for it.
    """
    if name not in _DENSITIES:
        hint = did_you_mean(name, _DENSITIES)
        raise InputError(f"material {name!r} has no tabulated density{hint}")
    density, source = _DENSITIES[name]
    return Material(name, parse_formula(name), density, source)


def material_from(formula: str, density_g_cm3: float) -> Material:
    """Return a material that no table holds: any compound of `ELEMENTS`.

    Args:
        formula: atoms per formula unit, e.g. ``"Al2O3"``; also its name.
        density_g_cm3: mass density [g/cm3].

    Raises:
        InputError: the formula is malformed or names an element without data, or the density is not
            that of a solid, above 0 and below 30 g/cm3.
    """
    atoms = parse_formula(formula)
    if not all(atoms.values()):
        raise InputError(f"material {formula!r} counts no atoms of an element; leave it out")
    if not 0 < density_g_cm3 < 30:
        raise InputError(
            f"material {formula!r} has a density of {density_g_cm3}; give 0 to 30 g/cm3"
        )
    return Material(formula, atoms, density_g_cm3, "given with the formula")
