"""The surface through counts: as smooth as the truth, as near as the counts allow."""

import numpy as np
import pytest

from sem3d.simulate.column_file import read
from sem3d.simulate.column_fit import fit_counts, spread

AXES = [np.cos(np.pi * np.arange(n) / (n - 1))[::-1] for n in (7, 8, 9)]


def truth(a, b, c):
    return 0.2 + 0.1 * np.exp(-1.5 * (1 + b) - 0.5 * (1 + a)) * np.cos(a + c) + 0.02 * a


def counted(electrons, axes=AXES):
    places = np.meshgrid(*axes, indexing="ij")
    return np.random.default_rng(1).binomial(electrons, truth(*places))


def surface(found, *axes):
    angle = np.polynomial.chebyshev.chebgrid3d(*axes, found.coefficients)
    return np.sin(angle) ** 2


@pytest.mark.parametrize("electrons", [1000, 100_000, 10_000_000])
def test_the_truth_is_found_better_than_any_count_knows_it(electrons):
    found = fit_counts(AXES, counted(electrons), electrons)
    assert abs(found.chi2 - found.freedom) < 4 * np.sqrt(2 * found.freedom)
    between = [np.linspace(-1, 1, 12)] * 3
    error = surface(found, *between) - truth(*np.meshgrid(*between, indexing="ij"))
    single = np.sqrt(0.2 * 0.8 / electrons)
    assert np.sqrt(np.mean(error**2)) < 0.6 * single
    assert np.abs(error).max() < 4 * single


def test_more_electrons_justify_more_polynomials():
    few, many = (fit_counts(AXES, counted(n), n) for n in (1000, 10_000_000))
    assert few.freedom > many.freedom
    assert few.coefficients.size < many.coefficients.size


def test_what_is_not_smooth_is_told_by_the_misfit():
    checkers = np.indices([len(axis) for axis in AXES]).sum(0) % 2
    found = fit_counts(AXES, counted(100_000) + 500 * checkers, 100_000)
    assert found.chi2 > found.freedom + 10 * np.sqrt(2 * found.freedom)


def test_points_are_dense_at_both_ends():
    points = spread(5, 35, 5)
    np.testing.assert_allclose(points[[0, 2, 4]], [5, 20, 35])
    assert points[1] - points[0] == pytest.approx(points[4] - points[3])
    assert points[1] - points[0] < points[2] - points[1]


def test_the_shipped_surface_explains_its_counts():
    table = read()
    found = fit_counts(table.axes, table.counts, table.electrons)
    assert abs(found.chi2 - found.freedom) < 4 * np.sqrt(2 * found.freedom)
    np.testing.assert_allclose(found.coefficients, table.coefficients, atol=1e-9)
