"""A solid as a mixture of its atoms: what they do adds up by their number per volume."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from sem3d.chemistry import ELEMENTS, LIBRARY, Material
from sem3d.simulate.montecarlo.elastic import MU, element_cross_section
from sem3d.simulate.montecarlo.hard_collisions import (
    dielectric_loss,
    dielectric_rate,
    moller_loss,
    moller_rate,
)
from sem3d.simulate.montecarlo.shells import SHELLS

_AVOGADRO_CM3_NM3 = 602.214076  # atoms/mol times cm3/nm3

_CHANNELS = {
    "moller": (moller_rate, moller_loss),
    "dielectric": (dielectric_rate, dielectric_loss),
}


def atom_densities(material: Material) -> dict[str, float]:
    """Return the atoms per volume [1/nm3] by element symbol."""
    return {
        symbol: material.density_g_cm3 * share / ELEMENTS[symbol].A * _AVOGADRO_CM3_NM3
        for symbol, share in material.weight_fractions.items()
    }


def angle_densities(
    material: Material, energies_eV: Float[np.ndarray, "N"], library: Path = LIBRARY
) -> Float[np.ndarray, "N 600"]:
    """Return the elastic cross section per angle, d(Sigma)/d(mu) (n, 600) on `elastic.MU` [1/nm].

    Raises:
        InputError: an element has no cross sections, neither shipped nor in the library.
    """
    total = np.zeros((len(energies_eV), len(MU)))
    for symbol, density in atom_densities(material).items():
        total += density * element_cross_section(symbol, energies_eV, library)
    return total


def shell_densities(material: Material) -> Float[np.ndarray, "K 2"]:
    """Return the binding energy [eV] and the electrons [1/nm3] of each shell (K, 2)."""
    found = [
        (binding, count * density)
        for symbol, density in atom_densities(material).items()
        for binding, count in SHELLS[symbol]
    ]
    return np.array(found, float)


def hard_channel(
    model: str, shells: Float[np.ndarray, "K 2"], energies_eV: Float[np.ndarray, "N"]
) -> tuple[Float[np.ndarray, "N"], Float[np.ndarray, "N"]]:
    """Return collisions per path (n,) [1/nm] and their loss per path (n,) [eV/nm].

    Args:
        model: ``"none"``, ``"moller"`` or ``"dielectric"``.
        shells: of `shell_densities` (K, 2).
        energies_eV: energies (n,) [eV].
    """
    if model == "none":
        return np.zeros(len(energies_eV)), np.zeros(len(energies_eV))
    binding, electrons = shells.T
    rate, loss = (
        np.vectorize(kernel, otypes=[float])(energies_eV[:, None], binding) @ electrons
        for kernel in _CHANNELS[model]
    )
    return rate, loss
