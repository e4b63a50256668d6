"""The forward model as loops over pixels, the peers of the vectorised one.

* plain floats: the formula for each pixel and energy, as lean as Python allows;
* as published: a loop over pixels with NumPy over energies. As in the code of Artemov et al.,
  every pixel finds its place twice from the extremes of the coordinate grids; most of the time
  goes there.
"""

import math

import numpy as np
from torch import Tensor

STRIDE = 16
MASS_AU, MASS_AL = 19.3**0.91, 2.7**0.91
DECAY_AU, DECAY_AL = (1 / (0.49 * math.exp(-0.022 * (Z + 2))) for Z in (79, 13))


def plain_loop(maps: Tensor, energies: list[float]) -> list[list[list[float]]]:
    """Signal of every `STRIDE`th row as nested lists (E, rows, X)."""
    gold, al = (m[::STRIDE].tolist() for m in maps)
    rows, columns = range(len(gold)), range(len(gold[0]))
    return [[[pixel(gold[y][x], al[y][x], e) for x in columns] for y in rows] for e in energies]


def pixel(gold: float, al: float, energy: float) -> float:
    """The report's formula for one pixel and energy, its published special case included."""
    mass = al * MASS_AL
    psi = mass / (74 * energy**1.55 - mass)
    share = 1 - math.exp(-DECAY_AL * psi)
    if gold:
        below, mass = energy * math.exp(-(psi**0.45)), gold * MASS_AU
        psi = mass / (74 * below**1.55 - mass)
        share = (1 - share) * (1 - math.exp(-DECAY_AU * psi))
    return 0.49 * (1 - share) + 0.90 * share


def published_loop(maps: Tensor, energies: list[float]) -> np.ndarray:
    """Signal (E, rows, X) of every `STRIDE`th row, one pixel's spectrum at a time."""
    gold, al = maps.numpy().astype(float)
    spectrum = np.array(energies)
    ys, xs = np.mgrid[: gold.shape[0], : gold.shape[1]].astype(float)
    image = np.zeros((len(energies), *gold[::STRIDE].shape))
    for row, y in enumerate(range(0, len(gold), STRIDE)):
        for x in range(gold.shape[1]):
            thickness = (m[place(ys, ys[y, x]), place(xs, xs[y, x])] for m in (gold, al))
            image[:, row, x] = column(*thickness, spectrum)
    return image


def place(grid: np.ndarray, coordinate: float) -> int:
    """Index of a coordinate between the extremes of its grid."""
    share = (coordinate - np.min(grid)) / (np.max(grid) - np.min(grid))
    return round((len(grid) - 1) * share)


def column(gold: float, al: float, energies: np.ndarray) -> np.ndarray:
    """The report's formula for one pixel at all energies (E,)."""
    upper, psi = cover(al * MASS_AL, DECAY_AL, energies)
    if gold:
        lower, _ = cover(gold * MASS_AU, DECAY_AU, energies * np.exp(-(psi**0.45)))
        upper = lower - lower * upper
    return 0.49 * (1 - upper) + 0.90 * upper


def cover(mass: float, decay: float, energies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the signal that a layer covers, and its psi."""
    psi = mass / (74 * energies**1.55 - mass)
    return 1 - np.exp(-decay * psi), psi
