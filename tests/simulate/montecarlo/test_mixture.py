"""Compounds are sums over their atoms."""

import numpy as np
import pytest

from sem3d.chemistry import Material, material
from sem3d.errors import InputError
from sem3d.simulate.montecarlo.angles import beyond, total
from sem3d.simulate.montecarlo.elastic import element_cross_section
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.mixture import (
    angle_densities,
    atom_densities,
    hard_channel,
    shell_densities,
)
from sem3d.simulate.montecarlo.stopping import stopping_power


def test_atoms_of_silicon_and_its_oxide():
    assert atom_densities(material("Si"))["Si"] == pytest.approx(49.96, abs=0.02)
    glass = atom_densities(material("SiO2"))
    assert glass["O"] == pytest.approx(2 * glass["Si"])


def test_compounds_scatter_as_their_atoms():
    n = atom_densities(material("Si3N4"))
    expected = sum(n[s] * element_cross_section(s, ENERGIES_EV) for s in ("Si", "N"))
    np.testing.assert_allclose(angle_densities(material("Si3N4"), ENERGIES_EV), expected)


@pytest.mark.parametrize(("name", "path_nm"), [("Si", 1.56), ("Cu", 0.93), ("Au", 0.76)])
def test_mean_free_path_at_1_kev(name, path_nm):
    found = total(angle_densities(material(name), np.array([1000.0])))[0]
    assert 1 / found == pytest.approx(path_nm, abs=0.006)


@pytest.mark.parametrize(("energy", "thickness", "share"), [(1e4, 2, 3.55e-4), (2e4, 5, 2.12e-4)])
def test_backscatter_of_the_thinnest_silicon(energy, thickness, share):
    found = thickness * beyond(angle_densities(material("Si"), np.array([energy])), 0.5)[0]
    assert found == pytest.approx(share, rel=0.02)


def test_shells_hold_the_electrons_of_the_volume():
    shells = shell_densities(material("SiO2"))
    n = atom_densities(material("SiO2"))
    assert shells[:, 1].sum() == pytest.approx(14 * n["Si"] + 8 * n["O"])


@pytest.mark.parametrize(
    ("model", "name", "largest"),
    [
        ("moller", "Si", 0.47),
        ("moller", "Au", 0.47),
        ("dielectric", "Si", 0.93),
        ("dielectric", "Au", 1.03),
    ],
)
def test_share_of_hard_losses(model, name, largest):
    energies = ENERGIES_EV[ENERGIES_EV < 35000]
    _, loss = hard_channel(model, shell_densities(material(name)), energies)
    assert 0.85 * largest < np.max(loss / stopping_power(material(name), energies)) < largest


def test_rate_of_hard_collisions_in_silicon():
    rate, _ = hard_channel("moller", shell_densities(material("Si")), np.array([1e4]))
    assert rate[0] == pytest.approx(0.0049, abs=5e-5)


def test_element_without_data(tmp_path):
    germanium = Material("Ge", {"Ge": 1}, 5.323, "")
    with pytest.raises(InputError, match=r"'Ge' has no elastic .* `python -m sem3d.materials add"):
        angle_densities(germanium, ENERGIES_EV, tmp_path)
