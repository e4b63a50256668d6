"""Continuous energy loss: the stopping power of Joy and Luo, and the range that follows from it."""

import math

import numpy as np
from jaxtyping import Float

from sem3d.chemistry import ELEMENTS, Element, Material


def mean_excitation_eV(Z: int) -> float:  # noqa: N802
    """Return the mean excitation energy J [eV] of an element.

    Berger and Seltzer, Studies in penetration of charged particles (1964), NAS-NRC publ. 1133.
    """
    return 9.76 * Z + 58.5 * Z**-0.19


def low_energy_constant(Z: int) -> float:
    """Return k of Joy and Luo's formula, a line in log Z through their values of .77 to .87."""
    return 0.731 + 0.0688 * math.log10(Z)


def mass_stopping_power(
    element: Element, energies_eV: Float[np.ndarray, "N"]
) -> Float[np.ndarray, "N"]:
    """Return the stopping power of an element at unit density [eV/nm per g/cm3].

    Joy and Luo, Scanning 11 (1989) 176; their 78500 keV/cm is 7850 eV^2/nm here.
    """
    J = mean_excitation_eV(element.Z)
    k = low_energy_constant(element.Z)
    return (
        7850.0 * element.Z / (element.A * energies_eV) * np.log(1.166 * (energies_eV + k * J) / J)
    )


def stopping_power(
    material: Material, energies_eV: Float[np.ndarray, "N"]
) -> Float[np.ndarray, "N"]:
    """Return the energy loss per path of a material (n,) [eV/nm] at energies (n,) [eV].

    The elements of a compound add by their weight fractions.
    """
    total = sum(
        (
            share * mass_stopping_power(ELEMENTS[symbol], energies_eV)
            for symbol, share in material.weight_fractions.items()
        ),
        np.zeros(len(energies_eV)),
    )
    return material.density_g_cm3 * total


def csda_range(
    energies_eV: Float[np.ndarray, "N"], stopping_eV_nm: Float[np.ndarray, "N"]
) -> Float[np.ndarray, "N"]:
    """Return the path (n,) [nm] from each energy down to the first one.

    Args:
        energies_eV: rising energies (n,) [eV], close enough for the trapezoidal rule.
        stopping_eV_nm: loss per path there (n,) [eV/nm].
    """
    slowness = 1 / stopping_eV_nm
    pieces = np.diff(energies_eV) * (slowness[1:] + slowness[:-1]) / 2
    return np.append(0.0, np.cumsum(pieces))
