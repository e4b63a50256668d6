"""Stopping power and range against check values."""

import numpy as np
import pytest

from sem3d.chemistry import ELEMENTS, Material, material, material_from
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.stopping import (
    csda_range,
    low_energy_constant,
    mean_excitation_eV,
    stopping_power,
)
from sem3d.simulate.montecarlo.transport_tables import tables_for


@pytest.mark.parametrize(
    ("symbol", "J", "k"),
    [("Al", 163, 0.808), ("Si", 172, 0.810), ("Cu", 314, 0.832), ("Au", 796, 0.862)],
)
def test_constants(symbol, J, k):
    assert mean_excitation_eV(ELEMENTS[symbol].Z) == pytest.approx(J, abs=0.7)
    assert low_energy_constant(ELEMENTS[symbol].Z) == pytest.approx(k, abs=1e-3)


def test_stopping_power_of_silicon():
    found = stopping_power(material("Si"), np.array([1e3, 5e3, 1e4, 2e4]))
    np.testing.assert_allclose(found, [18.64, 6.48, 3.86, 2.24], rtol=5e-3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Si", (463, 1503, 5049)), ("Cu", (163, 510, 1665)), ("Au", (130, 378, 1163))],
)
def test_ranges(name, expected):
    table = tables_for([material(name)]).range_nm[0]
    found = np.interp([5e3, 1e4, 2e4], ENERGIES_EV, table)
    np.testing.assert_allclose(found, expected, rtol=5e-3)


@pytest.mark.parametrize(("name", "expected"), [("Si", 36), ("Cu", 15), ("Au", 14)])
def test_ranges_at_1_kev(name, expected):
    table = tables_for([material(name)]).range_nm[0]
    assert np.interp(1e3, ENERGIES_EV, table) == pytest.approx(expected, abs=0.5)


def test_compounds_add_by_weight():
    glass = material("SiO2")
    parts = [
        share * stopping_power(Material(s, {s: 1}, glass.density_g_cm3, ""), ENERGIES_EV)
        for s, share in glass.weight_fractions.items()
    ]
    np.testing.assert_allclose(stopping_power(glass, ENERGIES_EV), sum(parts), rtol=1e-12)


def test_loss_grows_with_density():
    thin, thick = (stopping_power(material_from("SiO2", d), ENERGIES_EV) for d in (1.1, 2.2))
    np.testing.assert_allclose(thick, 2 * thin)


def test_range_of_a_constant_loss():
    energies = np.array([32.0, 50.0, 100.0])
    np.testing.assert_allclose(csda_range(energies, np.full(3, 2.0)), [0, 9, 34])
