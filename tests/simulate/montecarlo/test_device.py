import numpy as np
import pytest
from numba import njit

from sem3d.simulate.montecarlo.device import (
    circle,
    energy_after,
    log,
    scattering_angle,
    turn,
)
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV, TAILS
from sem3d.simulate.montecarlo.media import media


@njit
def logs(x: np.ndarray) -> np.ndarray:
    return np.array([log(v) for v in x])


@njit
def circles(bits: np.ndarray) -> np.ndarray:
    found = np.empty((len(bits), 2), np.float32)
    for k in range(len(bits)):
        found[k] = circle(bits[k])
    return found


@njit
def mean_mu(angle: np.ndarray, row: np.int32, count: int) -> float:
    total = 0.0
    for k in range(count):
        bits = np.uint32((k + 0.5) / count * 2.0**32)
        total += 1 - scattering_angle(angle, np.int32(1), row, bits)[0]
    return total / (2 * count)


def test_logarithm() -> None:
    x = np.concatenate([np.geomspace(1e-30, 1e30, 20_001), np.linspace(0.5, 2, 20_001)])
    x = x.astype(np.float32)
    wanted = np.log(x.astype(float))
    error = np.abs(logs(x) - wanted) / np.maximum(1, np.abs(wanted))
    assert logs(x).dtype == np.float32
    assert error.max() < 3e-7
    assert log(np.float32(1)) == 0


def test_no_path_is_negative() -> None:
    u = (np.arange(1, 2**16 + 1) * 2.0**-16).astype(np.float32)
    last = (1 - np.arange(2**12) * 2.0**-24).astype(np.float32)
    assert logs(np.append(u, last)).max() == 0


def test_circle() -> None:
    bits = np.linspace(0, 2**32 - 1, 9973).astype(np.uint32)
    angle = np.pi * bits.astype(np.int32) / 2**31
    wanted = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = circles(bits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=4e-6)


def test_turns_by_the_angle_about_a_direction() -> None:
    rng = np.random.default_rng(0)
    for before in [*rng.normal(size=(200, 3)), [0, 0, 1], [0, 0, -1], [1, 0, 0]]:
        before = np.float32(before / np.linalg.norm(before))
        angle, azimuth = rng.uniform(0, [np.pi, 2 * np.pi])
        terms = [np.cos(angle), np.sin(angle), np.cos(azimuth), np.sin(azimuth)]
        after = np.array(turn(*before, *np.float32(terms)))
        assert np.dot(before, after) == pytest.approx(np.cos(angle), abs=1e-6)
        assert np.linalg.norm(after) == pytest.approx(1, abs=1e-6)


def test_azimuths_are_not_correlated_with_the_direction() -> None:
    rng = np.random.default_rng(1)
    before = np.float32([0.36, 0.48, 0.8])
    sine = np.float32(np.sin(0.5)), np.float32(np.cos(0.5))
    azimuths = rng.integers(0, 2**32, 20_000, dtype=np.uint32)
    after = [turn(*before, sine[1], sine[0], *circle(b)) for b in azimuths]
    np.testing.assert_allclose(np.mean(after, axis=0), np.cos(0.5) * before, atol=0.01)


def test_energy_loss_by_the_midpoint_rule(tables) -> None:
    curves = media(tables("Si"), [1]).curves
    for energy, path in [(500, 1), (1000, 2), (5000, 30), (20_000, 300)]:
        slow = float(energy)
        for _ in range(2000):
            slow -= path / 2000 * np.interp(slow, ENERGIES_EV, tables("Si").stopping[0])
        middle, end = energy_after(curves, np.int32(1), np.float32(energy), np.float32(path))
        assert end == pytest.approx(slow, rel=1e-4)
        assert end < middle < energy
    assert energy_after(curves, np.int32(0), np.float32(800), np.float32(9)) == (800, 800)


@pytest.mark.parametrize("energy", [100.0, 1000.0, 30_000.0])
def test_sampled_angles_have_the_mean_of_their_table(tables, energy: float) -> None:
    row = int(np.searchsorted(ENERGIES_EV, energy))
    quantiles = tables("Cu").angle[0, row].astype(float)
    wanted = np.trapezoid(quantiles, TAILS) + TAILS[0] * quantiles[0]
    found = mean_mu(tables("Cu").angle, np.int32(row), 1_000_000)
    assert found == pytest.approx(wanted, rel=2e-4)
