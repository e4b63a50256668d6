"""Every engine on the same specimens: a silicon film of 20 nm and copper shapes in it.

What each can be asked differs. The Monte Carlo engine and Nebula count electrons of the same
voxels under the same beam. The analytic engine knows layers: it takes each pixel's column as a
stack of layers, without the neighbours; its signal has a scale of its own, so that only ratios to
the film compare; and it is silent where its electrons would not pass the column.
"""

import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

from sem3d.geometry.core_shell import FILM
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.nebula.engine import Nebula
from sem3d.specimen import Beam, VoxelSpecimen
from sem3d.validation.analytic_columns import by_columns
from sem3d.validation.nebula_specimens import COPPER, SILICON, load_specimens
from sem3d.validation.reference import at_energies, nebula_film
from sem3d.validation.specimens import ENERGIES_KEV

PRESETS: Final = ("none", "dielectric")
"""Models of hard collisions of the Monte Carlo engine: the default, and Nebula's physics."""
DEPTHS_NM: Final = ((3, 6), (6, 9), (9, 12), (12, 15), (15, 18))
"""Depths of the uppermost copper below a pixel, from and up to but without [nm]."""
QUICK: Final = 50
FULL: Final = 200
"""Electrons per pixel and energy; as many as the stored images of Nebula have."""
NEBULA: Final = "SEM3D_NEBULA"
"""Environment variable that names Nebula; without it stored results take its place."""
NEBULA_MATERIALS: Final = {"Si": "silicon.mat", "Cu": "copper.mat"}
"""In the folder that ``SEM3D_NEBULA_MATERIALS`` names."""


@dataclass(frozen=True)
class Seen:
    """What an engine makes of the film and of every specimen, on `ENERGIES_KEV`.

    Attributes:
        engine: name.
        film: (E,) signal of the film without copper.
        images: signal (E, Y, X) by specimen, on the same scale; NaN where the engine is silent.
        film_error: (E,) standard error of the film; 0 without electrons.
        electrons: per pixel of the images and energy; None: the signal is no count.
        rate: electrons per second of processor time; None: nothing was traced now.
    """

    engine: str
    film: Float[np.ndarray, " E"]
    images: Mapping[str, Float[np.ndarray, "E Y X"]]
    film_error: Float[np.ndarray, " E"]
    electrons: int | None = None
    rate: float | None = None

    def contrast(
        self, pixels: Mapping[str, Bool[np.ndarray, "Y X"]]
    ) -> tuple[Float[np.ndarray, " E"], Float[np.ndarray, " E"]]:
        """Return the mean of some pixels relative to the film, minus 1, and its standard error."""
        chosen = np.concatenate([self.images[n][:, p] for n, p in pixels.items()], axis=1)
        ratio = chosen.mean(axis=1) / self.film
        if self.electrons is None:
            return ratio - 1, np.zeros_like(ratio)
        counts = np.maximum(chosen.sum(axis=1) * self.electrons, 1)
        return ratio - 1, ratio * np.hypot(1 / np.sqrt(counts), self.film_error / self.film)


def compare(
    electrons: int, seed: int, threads: int, told: Callable[[str, float], None]
) -> list[Seen]:
    """Ask every engine; Nebula live where `NEBULA` is set, else its stored results.

    Args:
        electrons: per pixel and energy of engines that run now.
        seed: of the random numbers.
        threads: of the Monte Carlo engine.
        told: called with an engine and the share of its work that is done.

    Raises:
        InputError: Nebula cannot be run.
    """
    found = [_analytic()]
    for hard in PRESETS:
        engine = MonteCarlo(electrons=electrons, hard=hard, threads=threads)
        found.append(_traced(f"Monte Carlo, {hard}", engine, seed, told))
    if NEBULA in os.environ:
        live = Nebula(materials=NEBULA_MATERIALS, electrons=electrons)
        return [*found, _traced(f"Nebula {live.version}", live, seed, told)]
    return [*found, _stored()]


def number_of_runs() -> int:
    """Return how many engines `compare` lets run."""
    return len(PRESETS) + (NEBULA in os.environ)


def copper_columns() -> dict[str, Bool[np.ndarray, "Y X"]]:
    """Return the pixels with copper below, by specimen."""
    return {s.name: s.columns for s in load_specimens()}


def copper_from(depth_nm: Sequence[int]) -> dict[str, Bool[np.ndarray, "Y X"]]:
    """Return the pixels whose uppermost copper begins within depths [nm], by specimen."""
    first, end = depth_nm
    tops = {s.name: (s.labels == COPPER).argmax(axis=0) for s in load_specimens()}
    return {n: c & (first <= tops[n]) & (tops[n] < end) for n, c in copper_columns().items()}


def _stored() -> Seen:
    """Nebula's images and film as they are shipped."""
    specimens, film = load_specimens(), at_energies(nebula_film(), ENERGIES_KEV)
    images = {
        s.name: s.counts[[s.nearest(e) for e in ENERGIES_KEV]] / s.electrons for s in specimens
    }
    return Seen(
        "Nebula 1.0.2, stored",
        np.array([y.value for y in film]),
        images,
        np.array([y.error for y in film]),
        specimens[0].electrons,
    )


def _traced(name: str, engine: Any, seed: int, told: Callable[[str, float], None]) -> Seen:
    """Let an engine count electrons, and time it once it is compiled or found to run."""
    flat = np.full(FILM.shape, SILICON, np.uint8)
    engine.simulate(VoxelSpecimen(flat, FILM), Beam(ENERGIES_KEV[-1:], electrons=1), (seed, 0))
    parts = {"film": flat, **{s.name: s.labels for s in load_specimens()}}
    counts, begun = {}, _processor_s()
    for k, (part, labels) in enumerate(parts.items()):
        told(name, k / len(parts))
        specimen = VoxelSpecimen(labels, FILM)
        counts[part] = engine.simulate(specimen, Beam(ENERGIES_KEV), (seed, k)).counts
    seconds = _processor_s() - begun
    told(name, 1.0)
    per_image = engine.electrons
    traced = per_image * sum(c.size for c in counts.values())
    film = counts.pop("film")
    pixels = film[0].size
    total = film.sum(axis=(1, 2))
    return Seen(
        name,
        total / (per_image * pixels),
        {part: c / per_image for part, c in counts.items()},
        np.sqrt(np.maximum(total, 1)) / (per_image * pixels),
        per_image,
        traced / seconds,
    )


def _processor_s() -> float:
    """Return the processor time of this process and of the programs that it ran [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def _analytic() -> Seen:
    images = {s.name: by_columns(s.labels) for s in load_specimens()}
    film = by_columns(np.full((FILM.shape[0], 1, 1), SILICON, np.uint8))[:, 0, 0]
    return Seen("analytic", film, images, np.zeros_like(film))
