"""Screened Coulomb potential of free atoms."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, no_type_check

import numpy as np
from numba import njit

# Screening functions sum_i A_i exp(-alpha_i r), alpha [1/a0]: Salvat, Martinez, Mayol and
# Parellada, Phys. Rev. A 36 (1987) 467. The last amplitude is 1 - (the others).
SCREENING: Final[Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]] = MappingProxyType(
    {
        "C": ((0.1537, 0.8463), (8.0404, 1.4913)),
        "N": ((0.0996, 0.9004), (10.812, 1.7687)),
        "O": ((0.0625, 0.9375), (14.823, 2.0403)),
        "Al": ((0.6002, 0.3998), (5.1405, 1.0153)),
        "Si": ((0.5160, 0.4840), (5.8492, 1.1732)),
        "Ti": ((0.0112, 0.6832, 0.3056), (99.757, 4.1286, 1.0090)),
        "Cu": ((0.0771, 0.7951, 0.1278), (25.326, 3.3928, 1.1426)),
        "W": ((0.1500, 0.6871, 0.1629), (28.630, 4.2426, 1.2340)),
        "Au": ((0.2289, 0.6114, 0.1597), (22.864, 3.6914, 1.4886)),
    }
)


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
