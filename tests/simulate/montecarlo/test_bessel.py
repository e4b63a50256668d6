"""Spherical Bessel functions against closed forms and the Wronskian."""

import numpy as np
import pytest

from sem3d.simulate.montecarlo.bessel import spherical_bessel


@pytest.mark.parametrize("x", [1.5, 24.5, 100.0, 1150.0])
def test_wronskian(x):
    j, y = spherical_bessel(x, 1202)
    usable = np.flatnonzero(np.abs(y) < 1e150)[:-1]
    cross = j[usable + 1] * y[usable] - j[usable] * y[usable + 1]
    np.testing.assert_allclose(cross * x**2, 1, rtol=1e-9)


def test_second_order():
    x = 3.7
    j, y = spherical_bessel(x, 4)
    assert j[2] == pytest.approx((3 / x**2 - 1) * np.sin(x) / x - 3 * np.cos(x) / x**2)
    assert y[2] == pytest.approx((1 - 3 / x**2) * np.cos(x) / x - 3 * np.sin(x) / x**2)


def test_orders_beyond_overflow_scatter_nothing():
    j, y = spherical_bessel(0.5, 400)
    assert np.all(np.isfinite(j))
    assert np.all(np.isfinite(y))
    assert j[-1] / y[-1] == 0
