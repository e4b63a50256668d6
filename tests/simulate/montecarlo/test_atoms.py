"""The screened potential at its limits."""

import numpy as np
import pytest

from sem3d.chemistry import ELEMENTS
from sem3d.simulate.montecarlo.atoms import SCREENING, potential


def test_every_element_but_niobium_has_a_screening_function():
    assert set(ELEMENTS) - set(SCREENING) == {"Nb"}
    assert set(SCREENING) < set(ELEMENTS)


def test_screening_functions_go_smoothly_through_the_elements():
    """The potential of the electrons at the nucleus, over Z^(4/3); a wrong digit stands out."""
    ordered = sorted(SCREENING, key=lambda symbol: ELEMENTS[symbol].Z)
    Z = np.array([ELEMENTS[symbol].Z for symbol in ordered])
    slope = np.array([np.dot(*SCREENING[symbol]) for symbol in ordered]) / np.cbrt(Z)
    share = (Z[1:-1] - Z[:-2]) / (Z[2:] - Z[:-2])
    between = (1 - share) * slope[:-2] + share * slope[2:]
    assert np.abs(slope[1:-1] / between - 1)[10:].max() < 0.003


@pytest.mark.parametrize("symbol", SCREENING)
def test_no_atom_has_a_negative_density(symbol):
    amplitude, decay = map(np.array, SCREENING[symbol])
    r = np.geomspace(1e-3, 16, 300)[:, None]
    density = (amplitude * decay**2 * np.exp(-decay * r)).sum(1)
    assert density.min() > -1e-3 * density.max()


@pytest.mark.parametrize("symbol", SCREENING)
def test_screening_starts_at_one(symbol):
    amplitude, decay = SCREENING[symbol]
    assert sum(amplitude) == pytest.approx(1, abs=1e-9)
    assert len(amplitude) == len(decay)


@pytest.mark.parametrize("symbol", SCREENING)
def test_limits_of_the_potential(symbol):
    amplitude, decay = map(np.array, SCREENING[symbol])
    Z = float(ELEMENTS[symbol].Z)
    near = potential(1e-6, 40.0, Z, amplitude, decay)
    assert near * 1e-6 == pytest.approx(-Z, rel=1e-3)
    assert abs(potential(30.0, 40.0, Z, amplitude, decay)) < 1e-7
    r = np.geomspace(1e-4, 10, 50)
    field = np.array([potential(x, 40.0, Z, amplitude, decay) for x in r])
    assert np.all(np.diff(field) > 0)


def test_exchange_is_the_formula_of_furness_and_mccarthy():
    amplitude, decay = np.array([1.0]), np.array([2.0])
    r, energy, Z = 0.7, 5.0, 3.0
    static = -Z / r * np.exp(-2 * r)
    density = Z / r * 4 * np.exp(-2 * r)
    exchange = ((energy - static) - np.sqrt((energy - static) ** 2 + density)) / 2
    assert potential(r, energy, Z, amplitude, decay) == pytest.approx(static + exchange, rel=1e-12)
