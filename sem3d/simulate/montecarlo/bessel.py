"""Spherical Bessel functions of both kinds for all orders at one argument."""

import math

import numpy as np
from jaxtyping import Float64

_LARGE = 1e200


def spherical_bessel(
    x: float, orders: int
) -> tuple[Float64[np.ndarray, "L"], Float64[np.ndarray, "L"]]:
    """Return j_l(x) and y_l(x) for l = 0..orders - 1.

    Orders where y would overflow hold 0 and -1e200, the limits that make phase shifts vanish.
    """
    y = _second_kind(x, orders)
    usable = int(np.count_nonzero(y > -_LARGE))
    j = np.zeros(orders)
    j[:usable] = _first_kind(x, usable)
    return j, y


def _second_kind(x: float, orders: int) -> np.ndarray:
    """Return y_l by upward recurrence."""
    y = np.full(orders, -_LARGE)
    y[:2] = -math.cos(x) / x, -math.cos(x) / x**2 - math.sin(x) / x
    for n in range(1, orders - 1):
        following = (2 * n + 1) / x * y[n] - y[n - 1]
        if abs(following) > _LARGE:
            break
        y[n + 1] = following
    return y


def _first_kind(x: float, orders: int) -> np.ndarray:
    """Return j_l by downward recurrence from far above x, scaled to the larger of j_0 and j_1."""
    j = np.zeros(orders)
    above, here = 0.0, 1 / _LARGE
    for n in range(max(orders, int(x)) + int(10 * x ** (1 / 3)) + 20, 0, -1):
        above, here = here, (2 * n + 1) / x * here - above  # orders n and n - 1
        if n <= orders:
            j[n - 1] = here
        if abs(here) > _LARGE:
            above, here = above / _LARGE, here / _LARGE
            j /= _LARGE
    first_two = math.sin(x) / x, math.sin(x) / x**2 - math.cos(x) / x
    anchor = 0 if abs(first_two[0]) > abs(first_two[1]) else 1
    return j * (first_two[anchor] / j[anchor])
