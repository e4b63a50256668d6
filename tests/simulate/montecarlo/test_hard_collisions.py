"""Closed forms against quadrature of the cross sections."""

import numpy as np
import pytest

from sem3d.simulate.montecarlo.hard_collisions import (
    CUT_EV,
    dielectric_loss,
    dielectric_rate,
    moller_loss,
    moller_rate,
)

C = 2.54955e-5  # eV nm^2
REST = 510998.95
CASES = [
    *((E, 0.0) for E in (101.0, 150.0, 1e3, 1e4, 3.5e4)),
    *((E, 99.2) for E in (250.0, 1e3, 1e4)),
    *((E, 1839.0) for E in (4e3, 1e4, 3.5e4)),
    *((E, 32.6) for E in (300.0, 2e4)),
]


def strength(E: float) -> float:
    tau = E / REST
    return C * (tau + 1) ** 2 / (tau * (tau + 2))


def moller(E: float, W: np.ndarray) -> np.ndarray:
    total = E + REST
    g = REST * (2 * E + REST) / total**2
    return strength(E) * (1 / W**2 + 1 / (E - W) ** 2 + 1 / total**2 - g / (W * (E - W)))


def dielectric(E: float, W: np.ndarray, B: float) -> np.ndarray:
    distant = B * np.log(E / B) if B else 0.0
    return strength(E) * E / (E + 2 * B) * (1 / W**2 + distant / W**3)


def integral(values, low: float, high: float) -> float:
    """Integrate in log W with Gauss-Legendre panels."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(np.log(low), np.log(high), 41)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    W = np.exp(middle[:, None] + half[:, None] * nodes)
    return float(np.sum(values(W) * W * weights * half[:, None]))


@pytest.mark.parametrize(("E", "B"), CASES)
def test_moller(E, B):
    a = max(CUT_EV, B)
    rate = integral(lambda W: moller(E, W), a, E / 2)
    loss = integral(lambda W: W * moller(E, W), a, E / 2)
    assert moller_rate(E, B) == pytest.approx(rate, rel=1e-6)
    assert moller_loss(E, B) == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize(("E", "B"), CASES)
def test_dielectric(E, B):
    a = max(CUT_EV, B)
    rate = integral(lambda W: dielectric(E, W, B), a, E)
    loss = integral(lambda W: W * dielectric(E, W, B), a, E)
    assert dielectric_rate(E, B) == pytest.approx(rate, rel=1e-6)
    assert dielectric_loss(E, B) == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("function", [moller_rate, moller_loss])
def test_moller_needs_twice_the_binding_energy(function):
    assert function(100.0, 0.0) == 0
    assert function(2000.0, 1000.0) == 0
    assert function(2001.0, 1000.0) > 0


@pytest.mark.parametrize("function", [dielectric_rate, dielectric_loss])
def test_dielectric_needs_the_binding_energy(function):
    assert function(50.0, 0.0) == 0
    assert function(900.0, 1000.0) == 0
    assert function(1001.0, 1000.0) > 0


@pytest.mark.parametrize("function", [moller_rate, moller_loss, dielectric_rate, dielectric_loss])
def test_single_precision_stays_single(function):
    single = function.py_func(np.float32(1e4), np.float32(99.2))
    assert single.dtype == np.float32
    assert single == pytest.approx(function(1e4, 99.2), rel=1e-4)
    compiled = function(np.float32(1e4), np.float32(99.2))
    assert compiled == pytest.approx(function(1e4, 99.2), rel=1e-4)
    returned = function.overloads[function.signatures[-1]].signature.return_type
    assert str(returned) == "float32"


def test_slow_electrons_meet_free_ones_by_rutherfords_law():
    """At low energy C / beta^2 is 6.514 / E(eV) nm^2 eV."""
    expected = 6.514 / 200 * (1 / CUT_EV - 1 / 200)
    assert dielectric_rate(200.0, 0.0) == pytest.approx(expected, rel=1e-3)
