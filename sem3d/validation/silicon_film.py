"""The free-standing 20 nm Si film against the simulator Nebula."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sem3d.validation.checks import Check, report_only, within_share
from sem3d.validation.reference import Yield, at_energies, nebula_film
from sem3d.validation.runner import PRESETS, Runner, film

THICKNESS_NM: Final = 20.0
ACCEPTED: Final = {1.0: 0.15, 2.0: 0.15, 5.0: 0.15, 10.0: 0.30}
"""Largest relative difference of the preset `dielectric` by energy [keV]."""
_SHARP_KEV = 5.0  # up to here `specimens` refers to the film

Films = Mapping[str, Sequence[Yield]]
"""Yields at the energies of `nebula_film` by preset."""


def film_yields(runner: Runner, sharp: int, others: int) -> dict[str, list[Yield]]:
    """Simulate the film with every preset.

    Args:
        runner: the engine.
        sharp: electrons at each energy that decides something, here or in `specimens`.
        others: electrons at each other energy.
    """
    energies = [y.energy_keV for y in nebula_film()]
    decisive = (energy <= _SHARP_KEV or energy in ACCEPTED for energy in energies)
    electrons = [sharp if needed else others for needed in decisive]
    label = f"film of {THICKNESS_NM:g} nm Si"
    return {
        preset: runner.yields(label, film(THICKNESS_NM), "Si", preset, energies, electrons)
        for preset in PRESETS
    }


def film_checks(films: Films) -> Iterator[Check]:
    """Yield the acceptance of `dielectric` and, without limits, the same of the other presets."""
    references = at_energies(nebula_film(), list(ACCEPTED))
    for preset, yields in films.items():
        family = f"20 nm Si film, {preset}: Nebula"
        for found, expected in zip(at_energies(yields, list(ACCEPTED)), references, strict=True):
            name = f"{found.energy_keV:g} keV"
            if preset == "dielectric":
                share = ACCEPTED[found.energy_keV]
                yield within_share(family, name, found.value, expected.value, share)
            else:
                yield report_only(family, name, found.value, expected.value)
