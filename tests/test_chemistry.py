"""Formulas, densities and the means taken over a compound."""

import pickle
from itertools import pairwise

import pytest

from sem3d.chemistry import _DENSITIES, ELEMENTS, material, material_from, parse_formula
from sem3d.errors import InputError


@pytest.mark.parametrize(
    ("formula", "atoms"),
    [
        ("Au", {"Au": 1}),
        ("SiO2", {"Si": 1, "O": 2}),
        ("Si3N4", {"Si": 3, "N": 4}),
        ("TiN", {"Ti": 1, "N": 1}),
        ("SiO1.5", {"Si": 1, "O": 1.5}),
        ("OSiO", {"O": 2, "Si": 1}),
    ],
)
def test_formula(formula, atoms):
    assert parse_formula(formula) == atoms


@pytest.mark.parametrize("formula", ["", "au", "Si-O2", "2Au", "Au ", "Si.", "SiO2."])
def test_malformed_formula(formula):
    with pytest.raises(InputError, match="not a chemical formula"):
        parse_formula(formula)


def test_unknown_element():
    with pytest.raises(InputError, match=r"'SiXx2' has the unknown element 'Xx'"):
        parse_formula("SiXx2")


@pytest.mark.parametrize("name", sorted(_DENSITIES))
def test_every_tabulated_material(name):
    found = material(name)
    assert found.name == name
    assert 1 < found.density_g_cm3 < 23  # osmium is the densest solid
    assert "CRC" in found.source
    assert sum(found.weight_fractions.values()) == pytest.approx(1)
    numbers = [ELEMENTS[symbol].Z for symbol in found.atoms]
    assert min(numbers) <= found.mean_Z <= max(numbers)


def test_weight_fractions_of_quartz_glass():
    assert material("SiO2").weight_fractions["Si"] == pytest.approx(0.4674, abs=1e-4)
    assert material("SiO2").mean_Z == pytest.approx(14 * 0.4674 + 8 * 0.5326, abs=1e-3)


def test_mean_z_of_an_element_is_its_number():
    assert material("Au").mean_Z == 79


def test_elements_grow_heavier_with_their_number():
    ordered = sorted(ELEMENTS.values(), key=lambda element: element.Z)
    assert all(a.A < b.A for a, b in pairwise(ordered))
    assert all(1.99 < element.A / element.Z < 2.6 for element in ordered)


def test_unknown_material():
    with pytest.raises(InputError, match="no tabulated density, did you mean 'SiO2'"):
        material("SiO")


def test_table_of_elements_is_read_only():
    with pytest.raises(TypeError):
        ELEMENTS["X"] = ELEMENTS["Au"]


def test_a_material_travels_to_worker_processes():
    assert pickle.loads(pickle.dumps(material("SiO2"))) == material("SiO2")


def test_any_compound_of_the_elements():
    sapphire = material_from("Al2O3", 3.97)
    assert sapphire.atoms == {"Al": 2, "O": 3}
    assert sapphire.name == "Al2O3"
    assert sapphire.weight_fractions["Al"] == pytest.approx(0.5293, abs=1e-4)


@pytest.mark.parametrize("density", [0, -1, 2330, float("nan"), float("inf")])
def test_impossible_density(density):
    with pytest.raises(InputError, match=r"'Al2O3' has a density of .* give 0 to 30 g/cm3"):
        material_from("Al2O3", density)


def test_element_without_data_names_the_way_to_add_it():
    with pytest.raises(InputError, match=r"element 'Fe'.* sem3d\.simulate\.montecarlo\.build"):
        material_from("Fe2O3", 5.25)


def test_formula_with_no_atoms():
    with pytest.raises(InputError, match="counts no atoms"):
        material_from("Si0", 2.33)
