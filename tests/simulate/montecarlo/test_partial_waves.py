"""Partial waves against the optical theorem, Born's approximation and published totals."""

import numpy as np
import pytest

from sem3d.chemistry import ELEMENTS
from sem3d.simulate.montecarlo.angles import beyond, total
from sem3d.simulate.montecarlo.atoms import SCREENING
from sem3d.simulate.montecarlo.build import SHIPPED, build_element
from sem3d.simulate.montecarlo.elastic import MU
from sem3d.simulate.montecarlo.partial_waves import (
    BOHR_NM,
    COMPTON_NM,
    FINE_STRUCTURE,
    HARTREE_EV,
    REST_ENERGY_EV,
    cross_section,
    phase_shifts,
)
from sem3d.validation.reference import read_rows

A2_PER_NM2 = 100


def momentum(energy_eV: float) -> float:
    W = 1 + energy_eV / REST_ENERGY_EV
    return (W * W - 1) ** 0.5


def test_nothing_scatters_without_a_nucleus():
    up, down = phase_shifts(100.0, 0.0, np.array([1.0]), np.array([1.0]))
    assert np.max(np.abs([up, down])) < 1e-5


def test_phase_shifts_sum_to_the_integral_over_angles():
    amplitude, decay = map(np.array, SCREENING["Cu"])
    up, down = phase_shifts(500.0, 29.0, amplitude, decay)
    order = np.arange(len(up))
    waves = np.sum((order + 1) * np.sin(up) ** 2 + order * np.sin(down) ** 2)
    expected = 4 * np.pi * COMPTON_NM**2 / momentum(500.0) ** 2 * waves
    assert total(build_element("Cu", np.array([500.0])))[0] == pytest.approx(expected, rel=2e-3)


def test_weak_field_is_borns_approximation():
    """A Yukawa field of charge 0.3; exchange makes it stronger by 1 + alpha^2/4E."""
    energy, Z, alpha = 1000.0, 0.3, 1.0
    K = momentum(energy)
    W = 1 + energy / REST_ENERGY_EV
    found = cross_section(energy, Z, np.array([1.0]), np.array([alpha]), MU)
    q = 2 * K / FINE_STRUCTURE * np.sqrt(MU)  # momentum transfer [1/a0]
    field = Z * (1 + alpha**2 / (4 * energy / HARTREE_EV))
    born = (2 * W * field * BOHR_NM / (q * q + alpha * alpha)) ** 2 * (1 - (K / W) ** 2 * MU)
    wide = MU > 3e-4  # the rest is a weak forward peak against the error of the phases
    np.testing.assert_allclose(found[wide], 4 * np.pi * born[wide], rtol=0.01)


def references() -> list[tuple[str, float, float]]:
    rows = read_rows("elastic_reference")
    return [(r["element"], float(r["energy_eV"]), float(r["sigma_total_A2"])) for r in rows]


@pytest.mark.parametrize(("symbol", "energy", "expected"), references())
def test_totals_of_nist(symbol, energy, expected):
    found = total(build_element(symbol, np.array([energy])))[0] * A2_PER_NM2
    assert found == pytest.approx(expected, rel=0.12)
    assert found < expected  # the analytic density lacks the far tail


def test_silicon_beyond_90_degrees():
    found = beyond(build_element("Si", np.array([2700.0])), 0.5)[0] * A2_PER_NM2
    assert found == pytest.approx(5.5e-3, rel=0.05)


def test_heavy_atoms_scatter_more():
    ordered = sorted(SHIPPED, key=lambda symbol: ELEMENTS[symbol].Z)
    backward = [beyond(build_element(s, np.array([1000.0])), 0.5)[0] for s in ordered]
    assert np.all(np.diff(backward) > 0)
