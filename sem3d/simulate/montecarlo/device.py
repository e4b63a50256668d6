"""Small functions of the transport in float32: logarithm, directions, table look-up.

They use sums, products, quotients, roots and bits only, each fixed to the last bit by IEEE 754, and
call no mathematical library: the same history on every processor that rounds like that.
"""

from math import sqrt
from typing import Final

import numpy as np

from sem3d.simulate.montecarlo.compiled import device
from sem3d.simulate.montecarlo.energy_grid import energy_bin, tail_bin
from sem3d.simulate.montecarlo.philox import uniform

ZERO: Final = np.float32(0)
ONE: Final = np.float32(1)
TWO: Final = np.float32(2)
HALF: Final = np.float32(0.5)
_THREE_HALVES = np.float32(1.5)

# ln(1 + f) / f and sin(pi t / 2) / t, cos(pi t / 2) in t^2, fitted at the zeros of a Chebyshev
# polynomial: largest error 6e-8 (f from sqrt(1/2) - 1 to sqrt(2) - 1), 1.2e-6 and 5e-8 (|t| <= 1).
_L0, _L1, _L2, _L3 = (np.float32(c) for c in (1.0, -0.5000036359, 0.3333511353, -0.2497007102))
_L4, _L5, _L6, _L7 = (np.float32(c) for c in (0.1989856511, -0.17247014, 0.1623418927, -0.10134057))
_S0, _S1, _S2 = (np.float32(c) for c in (1.5707951784, -0.6459258199, 0.0795003250))
_S3, _C0, _C1 = (np.float32(c) for c in (-0.0043708002, 1.0, -1.2336982489))
_C2, _C3, _C4 = (np.float32(c) for c in (0.2536506951, -0.0208105706, 0.0008581625))

_ROOT_HALF = np.int32(0x3F3504F3)  # bits of sqrt(1/2)
_FRACTION_BITS = np.int32(23)
_LN_2 = np.float32(0.6931471806)
_FIRST_LABEL = np.uint32(1)
_PER_TURN = np.float32(2.0**-31)


@device
def log(x: np.float32) -> np.float32:
    """Return the natural logarithm of a normal positive float32 to 1e-7 of max(1, |log x|)."""
    bits = np.float32(x).view(np.int32)
    octave = np.int32(np.int32(bits - _ROOT_HALF) >> _FRACTION_BITS)
    f = np.int32(bits - np.int32(octave << _FRACTION_BITS)).view(np.float32) - ONE
    f2 = f * f
    low = (_L0 + _L1 * f) + (_L2 + _L3 * f) * f2
    high = (_L4 + _L5 * f) + (_L6 + _L7 * f) * f2
    return np.float32(octave) * _LN_2 + f * (low + high * (f2 * f2))


@device
def circle(bits: np.uint32) -> tuple[np.float32, np.float32]:
    """Return cosine and sine of a random angle from 32 random bits: that of the doubled half."""
    t = np.float32(np.int32(bits)) * _PER_TURN
    t2 = t * t
    s = t * ((_S0 + _S1 * t2) + (_S2 + _S3 * t2) * (t2 * t2))
    c = (_C0 + _C1 * t2) + (_C2 + _C3 * t2 + _C4 * (t2 * t2)) * (t2 * t2)
    return c * c - s * s, TWO * s * c


@device
def turn(
    u: np.float32,
    v: np.float32,
    w: np.float32,
    cosine: np.float32,
    sine: np.float32,
    cos_azimuth: np.float32,
    sin_azimuth: np.float32,
) -> tuple[np.float32, np.float32, np.float32]:
    """Turn the unit vector (u, v, w) by a polar angle and renormalise it to first order.

    The two vectors across are those of Duff et al., J. Comput. Graph. Tech. 6 (2017) 1: no special
    direction, no root.
    """
    sign = ONE if w >= ZERO else -ONE
    a = -ONE / (sign + w)
    b = u * v * a
    p = sine * cos_azimuth
    q = sine * sin_azimuth
    new_u = cosine * u + p * (ONE + sign * u * u * a) + q * b
    new_v = cosine * v + p * (sign * b) + q * (sign + v * v * a)
    new_w = cosine * w - p * (sign * u) - q * v
    n = _THREE_HALVES - HALF * (new_u * new_u + new_v * new_v + new_w * new_w)
    return new_u * n, new_v * n, new_w * n


@device
def energy_row(energy: np.float32) -> tuple[np.uint32, np.float32]:
    """Return `energy_grid.energy_bin` with an unsigned row: an index without a test of its sign."""
    row, part = energy_bin(energy)
    return np.uint32(row), part


@device
def energy_after(
    curves: np.ndarray, label: np.int32, energy: np.float32, path: np.float32
) -> tuple[np.float32, np.float32]:
    """Return energies [eV] half-way (Euler) and at the end (midpoint rule) of a path [nm]."""
    row, part = energy_row(energy)
    loss = curves[label, row, 2] + part * curves[label, row, 3]
    middle = energy - HALF * path * loss
    row, part = energy_row(middle)
    loss = curves[label, row, 2] + part * curves[label, row, 3]
    return middle, energy - path * loss


@device
def scattering_angle(
    angle: np.ndarray, label: np.int32, row: np.int32, bits: np.uint32
) -> tuple[np.float32, np.float32]:
    """Return cosine and sine of an elastic scattering angle from a row of the tail quantiles."""
    material = np.uint32(label - _FIRST_LABEL)
    entry, part = tail_bin(uniform(bits))
    entry = np.uint32(entry)
    following = np.uint32(entry + _FIRST_LABEL)
    low = angle[material, row, entry]
    mu = low + part * (angle[material, row, following] - low)
    return ONE - TWO * mu, TWO * sqrt(max(mu * (ONE - mu), ZERO))
