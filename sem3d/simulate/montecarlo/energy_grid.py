"""The grids of every table, octaves of linear steps, found by the bits of a float32.

An octave [2^k, 2^(k+1)) is cut into 16 equal steps. The exponent and the four leading fraction
bits of a float32 then number the step, the other 19 bits are the place inside it: no logarithm, no
search.

Compiled functions carry `no_type_check`: numba takes the bare function, not one wrapped by a
run-time checker.
"""

from typing import Final, no_type_check

import numpy as np
from numba import njit

STEPS: Final = 16  # per octave
N_ENERGIES: Final = 11 * STEPS + 1  # 32 eV to 65536 eV
N_ANGLES: Final = 20 * STEPS + 1  # tail probability 2^-20 to 1
ENERGY_OFFSET: Final = (127 + 5) * STEPS  # step number of 32 eV = 2^5 eV
TAIL_OFFSET: Final = (127 - 20) * STEPS  # step number of 2^-20
LOWEST_EV: Final = 32.0
HIGHEST_EV: Final = 65536.0

_BITS = np.int32(19)
_MASK = np.int32((1 << 19) - 1)
_PER_BIT = np.float32(2.0**-19)
_FIRST = np.int32(0)
_ZERO, _ONE = np.float32(0), np.float32(1)
_LAST_ENERGY = np.int32(N_ENERGIES - 2)
_LAST_ANGLE = np.int32(N_ANGLES - 2)
_ENERGY_OFFSET = np.int32(ENERGY_OFFSET)
_TAIL_OFFSET = np.int32(TAIL_OFFSET)


def octaves(lowest: float, count: int) -> np.ndarray:
    """Return the edges (16 count + 1,) of `count` octaves from `lowest` on, float64."""
    step = np.arange(count * STEPS)
    edges = 2.0 ** (step // STEPS) * (1 + step % STEPS / STEPS)
    return lowest * np.append(edges, 2.0**count)


ENERGIES_EV: Final = octaves(LOWEST_EV, 11)  # (177,) [eV]
TAILS: Final = octaves(2.0**-20, 20)  # (321,) tail probability


@njit(cache=True)
@no_type_check
def energy_bin(energy: np.float32) -> tuple[np.int32, np.float32]:
    """Return the row below an energy [eV] and the fraction of the way to the next row.

    Energies outside the table give its first or last point: the row is 0..175, so that the next one
    exists.
    """
    bits = np.float32(energy).view(np.int32)
    row = np.int32((bits >> _BITS) - _ENERGY_OFFSET)
    if row < _FIRST:
        return _FIRST, _ZERO
    if row > _LAST_ENERGY:
        return _LAST_ENERGY, _ONE
    return row, np.float32(bits & _MASK) * _PER_BIT


@njit(cache=True)
@no_type_check
def tail_bin(tail: np.float32) -> tuple[np.int32, np.float32]:
    """Return the entry below a tail probability in (0, 1] and the fraction of the way to the next.

    Tails below 2^-20 give the first entry.
    """
    bits = np.float32(tail).view(np.int32)
    entry = np.int32((bits >> _BITS) - _TAIL_OFFSET)
    if entry < _FIRST:
        return _FIRST, _ZERO
    if entry > _LAST_ANGLE:
        return _LAST_ANGLE, _ONE
    return entry, np.float32(bits & _MASK) * _PER_BIT
