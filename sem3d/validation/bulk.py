"""Backscatter coefficients of bulk elements against every measurement and a published formula."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from sem3d.validation.checks import Check, at_least, at_most, inside, report_only, within
from sem3d.validation.reference import (
    HUNGER_KUCHLER_KEV,
    Measured,
    Yield,
    hunger_kuchler,
    measured_points,
    median_of_sets,
    near,
)
from sem3d.validation.runner import PRESETS, Runner, half_space

ELEMENTS: Final = ("Al", "Si", "Cu", "Au")
"""In the order of their backscatter."""
ENERGIES_KEV: Final = (0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0)
"""Beam energies."""
FROM_KEV: Final = 5.0
"""From here on the difference to medians and formula is limited; below, measurements scatter."""
LIMITS: Final = {"none": (0.03, 0.035), "moller": (0.04, 0.045)}
"""Largest difference to the formula and to medians, by preset; others are only reported."""
SETS: Final = 3
"""Median and range of fewer data sets make no limit: two of Cu at 7 keV differ by 0.05."""
_SCATTER_KEV = (1.0, 3.0)
_BEYOND_SCATTER = 0.03
_CHANCE = 3  # standard errors that noise may add to a step between two energies


@dataclass(frozen=True)
class BulkCurve:
    """Backscatter coefficients of an element by one preset, on `ENERGIES_KEV`."""

    element: str
    preset: str
    yields: tuple[Yield, ...]

    @property
    def values(self) -> np.ndarray:
        """Coefficients on `ENERGIES_KEV` (E,)."""
        return np.array([y.value for y in self.yields])

    def at(self, energy_keV: float) -> float:
        """Interpolate, linearly in the logarithm of the energy [keV]."""
        energies = [y.energy_keV for y in self.yields]
        return float(np.interp(np.log(energy_keV), np.log(energies), self.values))

    def points(self) -> list[Measured]:
        """Return the measurements inside the energies of the curve."""
        low, high = self.yields[0].energy_keV, self.yields[-1].energy_keV
        return [p for p in measured_points(self.element) if low <= p.energy_keV <= high]


def bulk_curves(runner: Runner, electrons: int) -> list[BulkCurve]:
    """Simulate every element with every preset, `electrons` at each energy."""
    return [
        BulkCurve(
            element,
            preset,
            tuple(
                runner.yields(
                    f"bulk {element}", half_space(), element, preset, ENERGIES_KEV, electrons
                )
            ),
        )
        for preset in PRESETS
        for element in ELEMENTS
    ]


def bulk_checks(curves: Iterable[BulkCurve]) -> Iterator[Check]:
    """Yield the comparisons of every curve, then the order of the elements without hard ones."""
    curves = list(curves)
    for curve in curves:
        yield from _against_formula(curve)
        yield from _against_medians(curve)
        yield _against_points(curve)
    yield from _trends({c.element: c.yields for c in curves if c.preset == "none"})


def _family(curve: BulkCurve, reference: str) -> str:
    return f"bulk {curve.element}, {curve.preset}: {reference}"


def _against_formula(curve: BulkCurve) -> Iterator[Check]:
    """Compare from 5 keV on, inside the energies of the formula."""
    family = _family(curve, "Hunger-Kuchler formula")
    for y in curve.yields:
        if FROM_KEV <= y.energy_keV <= HUNGER_KUCHLER_KEV[1]:
            expected = hunger_kuchler(curve.element, y.energy_keV)
            limit = LIMITS.get(curve.preset, (None,))[0]
            yield _limited(family, y, expected, limit)


def _against_medians(curve: BulkCurve) -> Iterator[Check]:
    """Compare with medians from 5 keV on, with the scatter of measurements from 1 to 3 keV."""
    family, below = (_family(curve, text) for text in ("median measured", "range measured"))
    for y in curve.yields:
        middle = median_of_sets(curve.element, y.energy_keV)
        if middle is None:
            continue
        values = [p.eta for p in near(curve.element, y.energy_keV)]
        if y.energy_keV >= FROM_KEV:
            limit = LIMITS.get(curve.preset, (None, None))[1] if len(values) >= SETS else None
            yield _limited(family, y, middle, limit)
        elif _SCATTER_KEV[0] <= y.energy_keV <= _SCATTER_KEV[1]:
            limits = min(values) - _BEYOND_SCATTER, max(values) + _BEYOND_SCATTER
            name = _energy(y)
            if curve.preset == "none" and len(values) >= SETS:
                yield inside(below, name, y.value, *limits)
            else:
                yield report_only(below, name, y.value, middle)


def _limited(family: str, found: Yield, expected: float, limit: float | None) -> Check:
    if limit is None:
        return report_only(family, _energy(found), found.value, expected)
    return within(family, _energy(found), found.value, expected, limit)


def _against_points(curve: BulkCurve) -> Check:
    """Report the root mean square of the difference to every single measurement."""
    differences = [curve.at(p.energy_keV) - p.eta for p in curve.points()]
    family = f"bulk, {curve.preset}: rms difference to every measured point"
    name = f"{curve.element}, {len(differences)} points"
    return report_only(family, name, float(np.sqrt(np.mean(np.square(differences)))), 0.0)


def _trends(curves: dict[str, Sequence[Yield]]) -> Iterator[Check]:
    """Check what is known without measuring: who is brighter, who rises and who falls."""
    high = {name: [y for y in ys if y.energy_keV >= 1] for name, ys in curves.items()}
    steps = [
        (brighter.value - darker.value, f"{one} < {other} at {_energy(darker)}")
        for one, other in pairwise(ELEMENTS)
        for darker, brighter in zip(high[one], high[other], strict=True)
    ]
    least, name = min(steps)
    yield at_least("order Al < Si < Cu < Au from 1 keV: least step", name, least, 0.0)
    for element, sign in (("Al", 1), ("Si", 1), ("Au", -1)):
        yield _monotone(element, sign, high[element])
    copper = [y.value for y in high["Cu"] if y.energy_keV >= 2]
    family = "Cu is flat from 2 to 30 keV: largest distance to its mean"
    distance = float(np.abs(np.array(copper) - np.mean(copper)).max())
    yield at_most(family, "Cu", distance, 0.03)


def _monotone(element: str, sign: int, yields: Sequence[Yield]) -> Check:
    """Check that no step from one energy to the next goes the wrong way beyond chance."""
    wrong = [
        (sign * (b.value - a.value), _CHANCE * float(np.hypot(a.error, b.error)), _energy(b))
        for a, b in pairwise(yields)
    ]
    step, limit, energy = max(wrong)
    way = "falls" if sign > 0 else "rises"
    return at_most(f"{element} {way} from 1 to 30 keV: worst step", f"to {energy}", step, limit)


def _energy(found: Yield) -> str:
    return f"{found.energy_keV:g} keV"
