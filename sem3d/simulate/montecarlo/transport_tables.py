"""Everything the transport reads about its materials."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float32

from sem3d.chemistry import LIBRARY, Material
from sem3d.errors import InputError, did_you_mean
from sem3d.simulate.montecarlo.angles import tail_quantiles, total
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.hard_collisions import MODELS
from sem3d.simulate.montecarlo.mixture import angle_densities, hard_channel, shell_densities
from sem3d.simulate.montecarlo.stopping import csda_range, stopping_power

_FINER: Final = 8  # steps of the range integral per step of the energy grid
_LARGEST_SHARE: Final = 0.9  # of the stopping power that hard collisions may take


@dataclass(frozen=True)
class TransportTables:
    """Tables of M materials on the energies of `energy_grid.ENERGIES_EV` (177 points).

    Attributes:
        names: of the M materials.
        sigma: macroscopic cross section of all collisions (M, 177) float32 [1/nm].
        elastic: the elastic part of `sigma` (M, 177) float32 [1/nm].
        stopping: energy loss between hard collisions (M, 177) float32 [eV/nm].
        range_nm: path down to 32 eV with that loss (M, 177) float32 [nm].
        angle: mu = (1 - cos theta) / 2 by tail probability, P(mu' > mu) = r on
            `energy_grid.TAILS` (M, 177, 321) float32.
        hard: model of hard collisions, ``"none"``, ``"moller"`` or ``"dielectric"``.
        shells: binding energy [eV] (0 = valence) and electrons [1/nm3] of each shell
            (M, K, 2) float32; rows without electrons fill up.
        hard_share: share of the modelled hard collisions that takes place (M, 177) float32.
        sha256: of all of the above.
    """

    names: tuple[str, ...]
    sigma: Float32[np.ndarray, "M 177"]
    elastic: Float32[np.ndarray, "M 177"]
    stopping: Float32[np.ndarray, "M 177"]
    range_nm: Float32[np.ndarray, "M 177"]
    angle: Float32[np.ndarray, "M 177 321"]
    hard: str
    shells: Float32[np.ndarray, "M K 2"]
    hard_share: Float32[np.ndarray, "M 177"]
    sha256: str


def _columns(material: Material, hard: str, library: Path) -> dict[str, np.ndarray]:
    """Compute the tables of one material, float64."""
    steps = np.arange(_FINER * (len(ENERGIES_EV) - 1) + 1) / _FINER
    fine = np.interp(steps, np.arange(len(ENERGIES_EV)), ENERGIES_EV)
    shells = shell_densities(material)
    rate, loss = hard_channel(hard, shells, fine)
    stopping = stopping_power(material, fine)
    share = np.minimum(1.0, _LARGEST_SHARE * stopping / np.maximum(loss, 1e-30))
    share = share if hard != "none" else np.zeros_like(share)
    restricted = stopping - share * loss
    density = angle_densities(material, ENERGIES_EV, library)
    elastic = total(density)
    return {
        "sigma": elastic + (share * rate)[::_FINER],
        "elastic": elastic,
        "stopping": restricted[::_FINER],
        "range_nm": csda_range(fine, restricted)[::_FINER],
        "angle": tail_quantiles(density),
        "shells": shells,
        "hard_share": share[::_FINER],
    }


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Stack arrays of several lengths, zeros behind the short ones, as float32."""
    longest = max(map(len, parts))
    padded = [np.pad(p, [(0, longest - len(p))] + [(0, 0)] * (p.ndim - 1)) for p in parts]
    return np.stack(padded).astype(np.float32)


def _digest(names: tuple[str, ...], hard: str, arrays: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256(repr((names, hard)).encode())
    for name in sorted(arrays):
        found.update(repr((name, arrays[name].shape)).encode())
        found.update(np.ascontiguousarray(arrays[name], "<f4").tobytes())
    return found.hexdigest()


def tables_for(
    materials: Sequence[Material], hard: str = "none", library: Path = LIBRARY
) -> TransportTables:
    """Compute the tables of some materials.

    Args:
        materials: in the order of their indices in the transport.
        hard: model of hard collisions, see `hard_collisions`. Their losses leave the stopping
            power, so that the mean loss stays; where they would take more than 0.9 of it, only
            a share of them takes place.
        library: folder with the cross sections of elements that are not shipped.

    Raises:
        InputError: no materials, an unknown model, or an element without cross sections.
    """
    if hard not in MODELS:
        raise InputError(f"hard collisions {hard!r} are unknown{did_you_mean(hard, MODELS)}")
    if not materials:
        raise InputError("materials of a Monte Carlo table are empty; name at least one")
    columns = [_columns(material, hard, library) for material in materials]
    arrays = {name: _stacked([c[name] for c in columns]) for name in columns[0]}
    names = tuple(material.name for material in materials)
    return TransportTables(
        names=names,
        hard=hard,
        sha256=_digest(names, hard, arrays),
        **arrays,
    )
