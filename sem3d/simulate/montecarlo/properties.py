"""What electrons meet in a bulk material: the numbers behind the transport."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from sem3d.chemistry import LIBRARY, material
from sem3d.simulate.montecarlo.angles import mean_mu, total
from sem3d.simulate.montecarlo.elastic import BUILD_ENERGIES_EV
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.montecarlo.mixture import angle_densities
from sem3d.simulate.montecarlo.stopping import csda_range, stopping_power
from sem3d.specimen import Beam, VoxelBox, VoxelSpecimen

_FINE: Final = np.geomspace(BUILD_ENERGIES_EV[0], BUILD_ENERGIES_EV[-1], 4000)


@dataclass(frozen=True)
class Properties:
    """Lengths and losses at energies (E,).

    Attributes:
        energies_keV: energies (E,) [keV].
        free_path_nm: mean path between elastic collisions (E,) [nm].
        transport_nm: mean path over which an electron forgets its direction (E,) [nm].
        stopping_eV_nm: energy loss per path (E,) [eV/nm].
        range_nm: path until an electron has slowed down to 32 eV (E,) [nm].
    """

    energies_keV: Float[np.ndarray, "E"]
    free_path_nm: Float[np.ndarray, "E"]
    transport_nm: Float[np.ndarray, "E"]
    stopping_eV_nm: Float[np.ndarray, "E"]
    range_nm: Float[np.ndarray, "E"]


def properties(
    name: str, energies_keV: Float[np.ndarray, "E"], library: Path = LIBRARY
) -> Properties:
    """Return the properties of a material at energies (E,) [keV].

    Raises:
        InputError: the material or the cross sections of an element are not known.
    """
    solid = material(name, library)
    energies = 1000 * energies_keV
    density = angle_densities(solid, energies, library)
    collisions = total(density)
    path = csda_range(_FINE, stopping_power(solid, _FINE))
    return Properties(
        energies_keV=energies_keV,
        free_path_nm=1 / collisions,
        transport_nm=1 / (2 * mean_mu(density) * collisions),  # 1 - cos = 2 mu
        stopping_eV_nm=stopping_power(solid, energies),
        range_nm=np.interp(energies, _FINE, path),
    )


def bulk_yield(
    name: str, energies_keV: Float[np.ndarray, "E"], electrons: int, library: Path = LIBRARY
) -> Float[np.ndarray, "E"]:
    """Return the backscatter coefficient (E,) of the bulk, counted with so many electrons each.

    Raises:
        InputError: the material or the cross sections of an element are not known.
    """
    box = VoxelBox((name,), (1, 1, 1), bottom=name)
    specimen = VoxelSpecimen(np.ones(box.shape, np.uint8), box)
    beam = Beam(energies_keV.tolist(), electrons=electrons)
    return MonteCarlo(library=library).simulate(specimen, beam).signal[:, 0, 0].astype(float)
