"""The materials of a specimen as device functions read them."""

from typing import NamedTuple

import numpy as np

from sem3d.simulate.montecarlo.transport_tables import TransportTables

MARGIN = 1.15  # the cross section grows as an electron slows down within a flight


class Media(NamedTuple):
    """Tables with material 0 = vacuum in front; float32, row = energy of `energy_grid`.

    Attributes:
        curves: (M + 1, 177, 4): elastic cross section [1/nm] and its step to the next row, energy
            loss [eV/nm] and its step.
        angle: (M, 177, 321) tail quantiles of mu.
        limits: (177, 4): majorant of the cross section [1/nm], its inverse [nm], the longest range
            at the next row [nm], 0.
    """

    curves: np.ndarray
    angle: np.ndarray
    limits: np.ndarray


def media(tables: TransportTables, present: list[int]) -> Media:
    """Return the device's view of tables for a specimen of the labels `present`."""
    curves = np.zeros((len(tables.names) + 1, tables.sigma.shape[1], 4), np.float32)
    curves[1:, :, 0], curves[1:, :, 1] = with_steps(tables.elastic)
    curves[1:, :, 2], curves[1:, :, 3] = with_steps(tables.stopping)
    return Media(curves, np.ascontiguousarray(tables.angle, np.float32), _limits(tables, present))


def with_steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values (M, E) and their steps to the next energy, 0 at the last."""
    return values, np.diff(values, axis=1, append=values[:, -1:])


def _limits(tables: TransportTables, present: list[int]) -> np.ndarray:
    rows = np.array(present) - 1
    sigma, reach = (a[rows].max(axis=0).astype(np.float64) for a in (tables.sigma, tables.range_nm))
    following = np.minimum(np.arange(len(sigma)) + 1, len(sigma) - 1)
    majorant = MARGIN * np.maximum(sigma, sigma[following])
    columns = [majorant, 1 / majorant, reach[following], 0 * majorant]
    return np.stack(columns, axis=1).astype(np.float32)
