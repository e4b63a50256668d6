"""Copper in silicon: images and contrast against the simulator Nebula.

The contrast of a specimen is the mean yield of the pixels with copper below, relative to the yield
of the film without copper, minus 1; both by the same simulator. As Nebula counted 200 electrons per
pixel, single specimens are noisy; "all" takes the pixels of all specimens together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid
from sem3d.validation.checks import Check, report_only, within_share
from sem3d.validation.nebula_specimens import Specimen, load_specimens
from sem3d.validation.reference import Yield, at_energies, nebula_film
from sem3d.validation.runner import PRESETS, Runner
from sem3d.validation.silicon_film import Films

ENERGIES_KEV: Final = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
"""Beam energies of the contrast."""
PICTURE_KEV: Final = 2.0
"""Beam energy of the images."""
ALL: Final = "all"
"""Name of the contrast of all specimens together."""
TOLERANCE: Final = 0.15
"""Largest relative difference of the contrast, preset `dielectric`."""
CHECKED_KEV: Final = (1.0, 1.5, 2.0, 2.5, 3.0)
_CHANCE = 2  # standard errors of the comparison on top, mostly Nebula's
_CHANCE_OF_ONE = 3  # of thirty comparisons

Pixels = tuple[np.ndarray, int]
"""Counts (E, P) of the pixels with copper and electrons per pixel."""


@dataclass(frozen=True)
class Contrast:
    """Contrast of a specimen on `ENERGIES_KEV` by a simulator, with standard errors.

    Attributes:
        specimen: name, or `ALL`.
        simulator: a preset, or "nebula".
        value: (E,) relative difference to the film.
        error: (E,).
    """

    specimen: str
    simulator: str
    value: Float[np.ndarray, "E"]
    error: Float[np.ndarray, "E"]


@dataclass(frozen=True)
class Images:
    """Yields (Y, X) at `PICTURE_KEV` of a specimen by simulator, Nebula first."""

    specimen: Specimen
    yields: Mapping[str, Float[np.ndarray, "Y X"]]


def images(runner: Runner) -> list[Images]:
    """Simulate every specimen at one energy with the electrons that Nebula had."""
    return [_images_of(runner, specimen) for specimen in load_specimens()]


def _images_of(runner: Runner, specimen: Specimen) -> Images:
    electrons = specimen.electrons
    counts = {"nebula": specimen.counts[specimen.nearest(PICTURE_KEV)]}
    for preset in PRESETS:
        counts[preset] = _counts(runner, "image", specimen, preset, [PICTURE_KEV], electrons)[0]
    return Images(specimen, {name: c / electrons for name, c in counts.items()})


def contrasts(runner: Runner, electrons: int, films: Films) -> list[Contrast]:
    """Return the contrasts by Nebula and by every preset, of each specimen and of all.

    Args:
        runner: the engine.
        electrons: per pixel with copper and energy.
        films: yields of the film without copper by preset.
    """
    specimens = load_specimens()
    rows = [[s.nearest(e) for e in ENERGIES_KEV] for s in specimens]
    theirs: dict[str, Pixels] = {
        s.name: (s.counts[k][:, s.columns], s.electrons)
        for s, k in zip(specimens, rows, strict=True)
    }
    found = [*_of_simulator("nebula", theirs, nebula_film())]
    for preset in PRESETS:
        ours: dict[str, Pixels] = {}
        for s in specimens:
            wanted = np.broadcast_to(s.columns * electrons, (len(ENERGIES_KEV), *s.columns.shape))
            counts = _counts(runner, "contrast", s, preset, ENERGIES_KEV, wanted)
            ours[s.name] = counts[:, s.columns], electrons
        found += _of_simulator(preset, ours, films[preset])
    return found


def _counts(
    runner: Runner,
    kind: str,
    specimen: Specimen,
    preset: str,
    energies_keV: Sequence[float],
    electrons: int | np.ndarray,
) -> Int[np.ndarray, "E Y X"]:
    """Simulate a specimen with a point beam in the middle of each pixel, as Nebula did."""
    beam = ElectronBeam(energies_keV, spot_sigma_nm=0.0)
    grid, label = VoxelGrid(specimen.labels), f"{kind} of {specimen.name}"
    return runner.signal(label, grid, ("Si", "Cu"), preset, beam, electrons).counts


def _of_simulator(
    simulator: str, pixels: Mapping[str, Pixels], film: Sequence[Yield]
) -> Iterator[Contrast]:
    """Yield the contrast of each specimen, then of all."""
    flat = at_energies(film, ENERGIES_KEV)
    everything = np.concatenate([counts for counts, _ in pixels.values()], axis=1)
    electrons = next(iter(pixels.values()))[1]
    for name, (counts, n) in {**pixels, ALL: (everything, electrons)}.items():
        total = counts.sum(1)
        ratio = total / (counts.shape[1] * n) / np.array([y.value for y in flat])
        share = np.array([y.error / y.value for y in flat])
        error = ratio * np.hypot(1 / np.sqrt(np.maximum(total, 1)), share)
        yield Contrast(name, simulator, ratio - 1, error)


def contrast_checks(found: Sequence[Contrast]) -> Iterator[Check]:
    """Yield the comparisons at `CHECKED_KEV`; limits hold for `dielectric` alone.

    A difference fails where it exceeds `TOLERANCE` by more than chance.
    """
    theirs = {c.specimen: c for c in found if c.simulator == "nebula"}
    for ours in (c for c in found if c.simulator != "nebula"):
        together = ours.specimen == ALL
        if together or ours.simulator == "dielectric":
            kind = "all specimens" if together else "single specimens"
            family = f"contrast of Cu in Si, {ours.simulator}: Nebula, {kind}"
            yield from _compared(family, ours, theirs[ours.specimen])


def _compared(family: str, ours: Contrast, theirs: Contrast) -> Iterator[Check]:
    together = ours.specimen == ALL
    for energy in CHECKED_KEV:
        k = ENERGIES_KEV.index(energy)
        value, reference = float(ours.value[k]), float(theirs.value[k])
        error = float(np.hypot(ours.error[k], theirs.error[k]))
        chance = (_CHANCE if together else _CHANCE_OF_ONE) * error
        name = f"{energy:g} keV" if together else f"{ours.specimen} at {energy:g} keV"
        if ours.simulator == "dielectric":
            yield within_share(family, name, value, reference, TOLERANCE, chance)
        else:
            yield report_only(family, name, value, reference)
