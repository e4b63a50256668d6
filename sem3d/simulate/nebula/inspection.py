"""What a material file of Nebula says of electrons at some energies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from sem3d.simulate.nebula.material_file import (
    TABLES,
    MaterialFile,
    open_file,
    quantity,
    read_material,
    scale,
)

ENERGIES_EV: Final = (100.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0, 30_000.0)
"""Those that the file covers are looked at."""


@dataclass(frozen=True)
class Inspection:
    """The content of a material file.

    Attributes:
        material: name, version, digest and energies.
        quantities: root attributes with their units: Fermi energy, barrier, band gap.
        shapes: of the tables, by name.
        energies_eV: energies (E,) above the Fermi level [eV], as the tables have them.
        elastic_nm: mean path between elastic collisions (E,) [nm].
        transport_nm: mean path over which an electron forgets its direction (E,) [nm].
        inelastic_nm: mean path between inelastic collisions (E,) [nm].
        stopping_eV_nm: mean energy loss per path (E,) [eV/nm].
    """

    material: MaterialFile
    quantities: dict[str, tuple[float, str]]
    shapes: dict[str, tuple[int, ...]]
    energies_eV: Float[np.ndarray, "E"]
    elastic_nm: Float[np.ndarray, "E"]
    transport_nm: Float[np.ndarray, "E"]
    inelastic_nm: Float[np.ndarray, "E"]
    stopping_eV_nm: Float[np.ndarray, "E"]


def inspect(path: Path) -> Inspection:
    """Read what is in a material file.

    Raises:
        InputError: it cannot be opened, or Nebula could not use it.
    """
    material = read_material(path)
    low, high = material.energy_range_eV
    energies = np.array([E for E in ENERGIES_EV if low <= E <= high])
    with open_file(path) as file:
        keys = [key for key in ("fermi", "barrier", "band_gap") if key in file.attrs]
        elastic = _at(energies, file["kieft/elastic/imfp"])
        turned = _at(energies, file["kieft/elastic/costheta_icdf"])
        inelastic = _at(energies, file["full_penn/imfp"])
        loss = _at(energies, file["full_penn/omega_icdf"])
        return Inspection(
            material,
            {key: quantity(file, key) for key in keys},
            {name: tuple(file[name].shape) for name in TABLES},
            energies,
            elastic_nm=1 / elastic,
            transport_nm=1 / (elastic * (1 - turned)),
            inelastic_nm=1 / inelastic,
            stopping_eV_nm=inelastic * loss,
        )


def _at(energies_eV: Float[np.ndarray, "E"], table: Any) -> Float[np.ndarray, "E"]:
    """Interpolate a table, or the mean over its probabilities, in the logarithm of the energy."""
    values = table[:].astype(float)
    mean = values if values.ndim == 1 else (values[:, 1:] + values[:, :-1]).mean(1) / 2
    return np.interp(np.log(energies_eV), np.log(scale(table, 0)[:]), mean)
