"""Reference data: measured backscatter, cited cross sections, yields of another simulator."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from math import log
from operator import attrgetter
from statistics import median

from sem3d.chemistry import ELEMENTS

NEARBY = 0.08
"""A measurement belongs to an energy that differs by at most this share of it."""
HUNGER_KUCHLER_KEV = (4.0, 40.0)
"""Energies for which their formula was made [keV]."""


@dataclass(frozen=True)
class Measured:
    """One measured backscatter coefficient: element, energy [keV], value, authors."""

    element: str
    energy_keV: float
    eta: float
    source: str


@dataclass(frozen=True)
class Yield:
    """Backscattered electrons per beam electron at an energy [keV], with its standard error."""

    energy_keV: float
    value: float
    error: float


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the lines of ``<name>.csv`` of this room by column; lines with # tell its source."""
    text = files("sem3d.validation").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def measured_points(element: str) -> tuple[Measured, ...]:
    """Return every measured backscatter coefficient of an element, source by source."""
    return tuple(
        Measured(element, float(r["energy_keV"]), float(r["eta"]), r["source"])
        for r in read_rows("backscatter_reference")
        if r["element"] == element
    )


def near(element: str, energy_keV: float) -> list[Measured]:
    """Return the point of each data set nearest to an energy, if within `NEARBY` of it."""

    def distance(point: Measured) -> float:
        return abs(point.energy_keV - energy_keV)

    limit = NEARBY * energy_keV * (1 + 1e-9)
    points = [p for p in measured_points(element) if distance(p) <= limit]
    by_set = groupby(sorted(points, key=attrgetter("source")), attrgetter("source"))
    return [min(group, key=distance) for _, group in by_set]


def median_of_sets(element: str, energy_keV: float) -> float | None:
    """Return the median over data sets near an energy, None where nothing was measured."""
    found = [point.eta for point in near(element, energy_keV)]
    return median(found) if found else None


def hunger_kuchler(element: str, energy_keV: float) -> float:
    """Return the backscatter coefficient after Hunger and Kuchler.

    phys. stat. sol. (a) 56 (1979) K45, for `HUNGER_KUCHLER_KEV`.
    """
    Z = ELEMENTS[element].Z
    z = log(Z)
    exponent = 0.1382 - 0.9211 / Z**0.5
    factor = 0.1904 - 0.2236 * z + 0.1292 * z**2 - 0.01491 * z**3
    return energy_keV**exponent * factor


@cache
def nebula_film() -> tuple[Yield, ...]:
    """Return the yields of the 20 nm Si film by Nebula, of its longest run at each energy."""
    found: dict[float, Yield] = {}
    for row in read_rows("nebula_film"):  # longer runs stand below
        energy = float(row["energy_keV"])
        found[energy] = Yield(energy, float(row["yield"]), float(row["standard_error"]))
    return tuple(found.values())


def at_energies(yields: Sequence[Yield], energies_keV: Sequence[float]) -> list[Yield]:
    """Return the yields at some of their energies [keV]; a KeyError if one is absent."""
    by_energy = {y.energy_keV: y for y in yields}
    return [by_energy[e] for e in energies_keV]
