"""Tail quantiles: exact for simple densities, faithful for those of atoms."""

import numpy as np
import pytest

from sem3d.simulate.montecarlo.angles import beyond, mean_mu, tail_quantiles, total
from sem3d.simulate.montecarlo.elastic import MU, element_cross_section
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV, TAILS

SYMBOLS = ("C", "Si", "Cu", "Au")


def test_isotropic_scattering():
    flat = np.full((1, 600), 3.0)
    assert total(flat)[0] == pytest.approx(3)
    assert mean_mu(flat)[0] == pytest.approx(0.5)
    assert beyond(flat, 0.5)[0] == pytest.approx(1.5)
    np.testing.assert_allclose(tail_quantiles(flat)[0], 1 - TAILS, atol=1e-12)


def test_screened_rutherford_scattering():
    a = 1e-3
    density = (a * (1 + a) / (MU + a) ** 2)[None]
    assert total(density)[0] == pytest.approx(1, rel=1e-3)
    exact = a * (1 - TAILS) / (TAILS + a)
    np.testing.assert_allclose(tail_quantiles(density)[0, :-1], exact[:-1], rtol=4e-3)
    exact_mean = a * ((1 + a) * np.log((1 + a) / a) - 1)
    assert mean_mu(density)[0] == pytest.approx(exact_mean, rel=1e-3)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_quantiles_fall_from_back_to_front(symbol):
    found = tail_quantiles(element_cross_section(symbol, ENERGIES_EV))
    assert np.all(np.diff(found, axis=1) < 0)
    assert np.all(found[:, -1] == 0)
    assert np.all(found[:, 0] <= 1)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_linear_sampling_keeps_mean_and_back_hemisphere(symbol):
    density = element_cross_section(symbol, ENERGIES_EV)
    found = tail_quantiles(density)
    first = found[:, 0] * TAILS[0]  # tails below the table take its first entry
    mean = first + np.trapezoid(found, TAILS, axis=1)
    np.testing.assert_allclose(mean, mean_mu(density), rtol=5e-3)
    back = [np.interp(-0.5, -row, TAILS) for row in found]
    np.testing.assert_allclose(back, beyond(density, 0.5) / total(density), rtol=0.02)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_sampled_mean_is_the_integral(symbol):
    density = element_cross_section(symbol, np.array([2000.0]))
    row = tail_quantiles(density)[0]
    bits = np.random.default_rng(1).integers(1, 2**24, 400_000, endpoint=True)
    sampled = np.interp(bits * 2.0**-24, TAILS, row)
    error = sampled.std() / np.sqrt(len(sampled))
    assert abs(sampled.mean() - mean_mu(density)[0]) < 4 * error
