"""Films so thin that whoever comes back was scattered once, beyond 90 degrees."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sem3d.chemistry import material
from sem3d.simulate.montecarlo.angles import beyond
from sem3d.simulate.montecarlo.mixture import angle_densities
from sem3d.validation.checks import Check, within_share
from sem3d.validation.runner import Runner, film

FILMS: Final = ((2.0, 10.0), (5.0, 20.0))
"""Thickness [nm] and beam energy [keV]."""
TOLERANCE: Final = 0.08
"""Share by which the yield may differ; scattering twice adds two or three parts in a hundred."""


def single_scattering(name: str, thickness_nm: float, energy_keV: float) -> float:
    """Return the share of electrons that one collision turns back: n t sigma(> 90 degrees)."""
    density = angle_densities(material(name), np.array([1000.0 * energy_keV]))
    return float(thickness_nm * beyond(density, 0.5)[0])


def thin_film_checks(runner: Runner, electrons: int) -> Iterator[Check]:
    """Yield the comparison of every film, simulated with `electrons`."""
    for thickness, energy in FILMS:
        label = f"film of {thickness:g} nm Si"
        (found,) = runner.yields(label, film(thickness), "Si", "none", [energy], electrons)
        expected = single_scattering("Si", thickness, energy)
        family = "thin Si film: single scattering beyond 90 degrees"
        name = f"{thickness:g} nm at {energy:g} keV"
        yield within_share(family, name, found.value, expected, TOLERANCE)
