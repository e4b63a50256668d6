"""Screened Coulomb potential of free atoms."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, no_type_check

import numpy as np
from numba import njit

from sem3d.simulate.montecarlo.element_data import rows


def _numbers(row: Mapping[str, str], name: str) -> tuple[float, ...]:
    """Return the columns ``name1``, ``name2`` and, unless it is empty, ``name3``."""
    return tuple(float(row[f"{name}{i}"]) for i in (1, 2, 3) if row[f"{name}{i}"])


SCREENING: Final[Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]] = MappingProxyType(
    {row["element"]: (_numbers(row, "A"), _numbers(row, "alpha")) for row in rows("screening")}
)
"""Screening functions sum_i A_i exp(-alpha_i r) by element: all A and all alpha [1/a0]; the source
stands in ``screening.csv``."""


@njit(cache=True)
@no_type_check
def potential(r: float, energy: float, Z: float, amplitude: np.ndarray, decay: np.ndarray) -> float:
    """Return the potential of an electron of `energy` [Ha] at `r` [a0] from the nucleus [Ha].

    The static field of the screened nucleus plus the exchange potential of Furness and McCarthy,
    J. Phys. B 6 (1973) 2280, for the electron density that makes the screening.
    """
    screening, charge = 0.0, 0.0
    for i in range(len(amplitude)):
        term = amplitude[i] * np.exp(-decay[i] * r)
        screening += term
        charge += term * decay[i] * decay[i]
    static = -Z / r * screening
    local = energy - static
    density = Z / r * charge  # 4 pi rho
    # (local - sqrt(local^2 + density)) / 2 without cancellation
    return static - 0.5 * density / (local + np.sqrt(local * local + density))
