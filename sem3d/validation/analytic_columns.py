"""The analytic engine, which knows layers, on the columns of copper and silicon voxels."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, UInt8

from sem3d.chemistry import material
from sem3d.errors import InputError
from sem3d.geometry.core_shell import FILM
from sem3d.simulate.analytic import REPORT_CONSTANTS, AnalyticForward, LayerConstants
from sem3d.simulate.quirks import CORRECTED
from sem3d.specimen import Beam, LayerStack
from sem3d.validation.reference import hunger_kuchler
from sem3d.validation.specimens import ENERGIES_KEV

_RATIO_KEV = 10.0
CONSTANTS: Final = {
    "Si": REPORT_CONSTANTS["Si"],
    "Cu": LayerConstants(
        29,
        material("Cu").density_g_cm3,
        REPORT_CONSTANTS["Si"].signal
        * (hunger_kuchler("Cu", _RATIO_KEV) / hunger_kuchler("Si", _RATIO_KEV)),
    ),
    "vacuum": LayerConstants(0, 0.0, 0.0),
}
"""The report has no copper: as much brighter than silicon as Hunger and Kuchler's formula says."""


def by_columns(labels: UInt8[np.ndarray, "Z Y X"]) -> Float[np.ndarray, "E Y X"]:
    """Return the signal of every pixel on `ENERGIES_KEV` from its own column, without neighbours.

    NaN where the model's range ends inside the column. Voxels are cubes of 1 nm, labels those of
    `FILM` without vacuum; below is nothing.
    """
    depth, rows, columns = labels.shape
    every = labels.reshape(depth, -1).T
    kinds, which = np.unique(every, axis=0, return_inverse=True)
    signals = np.stack([_column(tuple(_runs(kind))) for kind in kinds], axis=1)
    return signals[:, which.ravel()].reshape(-1, rows, columns)


def _runs(column: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield label and thickness [nm] of every layer, from the top."""
    for label, voxels in groupby(column.tolist()):
        yield label, len(list(voxels))


@cache
def _column(layers: tuple[tuple[int, int], ...]) -> Float[np.ndarray, " E"]:
    """Return the signal of layers over nothing; NaN where the model's range ends inside them."""
    names = [FILM.materials[label - 1] for label, _ in reversed(layers)]
    thickness = [nm for _, nm in reversed(layers)]
    stack = LayerStack(names, thickness, "vacuum")
    found = np.full(len(ENERGIES_KEV), np.nan)
    for k, energy in enumerate(ENERGIES_KEV):
        try:
            model = AnalyticForward(stack, Beam([energy]), CORRECTED, CONSTANTS)
        except InputError:
            continue
        maps = torch.tensor(thickness, dtype=torch.float64)[:, None, None]
        found[k] = float(model(maps))
    return found
