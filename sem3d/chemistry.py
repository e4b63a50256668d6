"""Elements and compounds: atomic number, atomic weight, density, each with its source."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sem3d.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Element:
    """A chemical element: atomic number `Z` and standard atomic weight `A` [g/mol]."""

    Z: int
    A: float


# In the order of their atomic numbers; without a weight where no stable isotope sets one.
# IUPAC 2021, abridged (Prohaska et al., Pure Appl. Chem. 94 (2022) 573).
_ATOMIC_WEIGHTS: Final = """
H 1.008, He 4.0026, Li 6.94, Be 9.0122, B 10.81, C 12.011, N 14.007, O 15.999, F 18.998,
Ne 20.180, Na 22.990, Mg 24.305, Al 26.982, Si 28.085, P 30.974, S 32.06, Cl 35.45, Ar 39.95,
K 39.098, Ca 40.078, Sc 44.956, Ti 47.867, V 50.942, Cr 51.996, Mn 54.938, Fe 55.845, Co 58.933,
Ni 58.693, Cu 63.546, Zn 65.38, Ga 69.723, Ge 72.630, As 74.922, Se 78.971, Br 79.904, Kr 83.798,
Rb 85.468, Sr 87.62, Y 88.906, Zr 91.224, Nb 92.906, Mo 95.95, Tc, Ru 101.07, Rh 102.91, Pd 106.42,
Ag 107.87, Cd 112.41, In 114.82, Sn 118.71, Sb 121.76, Te 127.60, I 126.90, Xe 131.29, Cs 132.91,
Ba 137.33, La 138.91, Ce 140.12, Pr 140.91, Nd 144.24, Pm, Sm 150.36, Eu 151.96, Gd 157.25,
Tb 158.93, Dy 162.50, Ho 164.93, Er 167.26, Tm 168.93, Yb 173.05, Lu 174.97, Hf 178.49, Ta 180.95,
W 183.84, Re 186.21, Os 190.23, Ir 192.22, Pt 195.08, Au 196.967, Hg 200.59, Tl 204.38, Pb 207.2,
Bi 208.98, Po, At, Rn, Fr, Ra, Ac, Th 232.04, Pa 231.04, U 238.03
"""


def _elements() -> dict[str, Element]:
    entries = [entry.split() for entry in _ATOMIC_WEIGHTS.split(",")]
    return {e[0]: Element(Z, float(e[1])) for Z, e in enumerate(entries, 1) if len(e) == 2}


ELEMENTS: Final[Mapping[str, Element]] = MappingProxyType(_elements())
"""By symbol, from hydrogen to uranium; the ones without a standard atomic weight are left out."""

LIBRARY: Final = Path("data/materials")
"""Folder of materials that are not shipped, one JSON file each; like ``data`` relative to where
commands run. ``python -m sem3d.materials add`` writes it."""

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

_RESERVED: Final = ("none", "vacuum", "absorb")  # emptiness and a free bottom are no materials


@dataclass(frozen=True)
class Material:
    """A solid: a name, its atoms per formula unit and its density.

    Attributes:
        name: chemical formula, e.g. ``"Au"`` or ``"SiO2"``, or another word.
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
            raise InputError(f"material {formula!r} has the unknown element {symbol!r}{hint}")
        atoms[symbol] = atoms.get(symbol, 0.0) + float(count or 1)
    return atoms


def material(name: str, library: Path = LIBRARY) -> Material:
    """Return the material called `name`: a shipped one, or one of the library.

    Raises:
        InputError: nobody knows it, or its file is damaged.
    """
    if name in _DENSITIES:
        density, source = _DENSITIES[name]
        return Material(name, parse_formula(name), density, source)
    if name not in known_materials(library):
        hint = did_you_mean(name, known_materials(library))
        raise InputError(
            f"material {name!r} is not known{hint}; add it to {library} with "
            "`python -m sem3d.materials add FORMULA DENSITY`"
        )
    path = material_file(name, library)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        formula, density, source = (told[key] for key in ("formula", "density_g_cm3", "source"))
        return material_from(str(formula), float(density), name, str(source))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it and add the material again"
        ) from None


def known_materials(library: Path = LIBRARY) -> list[str]:
    """Names of all shipped materials, then of those in the library."""
    return [*_DENSITIES, *sorted(path.stem for path in library.glob("[!.]*.json"))]


def material_file(name: str, library: Path = LIBRARY) -> Path:
    """Path of the file that holds a material of the library."""
    return library / f"{name}.json"


def material_from(
    formula: str, density_g_cm3: float, name: str = "", source: str = "given with the formula"
) -> Material:
    """Return a material that no table holds: any compound of `ELEMENTS`.

    Args:
        formula: atoms per formula unit, e.g. ``"Al2O3"``.
        density_g_cm3: mass density [g/cm3].
        name: what it is called, if not by its formula.
        source: where the density comes from.

    Raises:
        InputError: the formula is malformed or names an element without data, the name is no
            word, or the density is not that of a solid, above 0 and below 30 g/cm3.
    """
    name = name or formula
    atoms = parse_formula(formula)
    if not all(atoms.values()):
        raise InputError(f"material {formula!r} counts no atoms of an element; leave it out")
    if not re.fullmatch(r"[A-Za-z][\w.+-]*", name) or name in _RESERVED:
        raise InputError(
            f"material name {name!r} is taken or no word; begin with a letter and use letters, "
            "digits, _ . + -"
        )
    if not 0 < density_g_cm3 < 30:
        raise InputError(
            f"material {formula!r} has a density of {density_g_cm3}; give 0 to 30 g/cm3"
        )
    return Material(name, atoms, density_g_cm3, source)
