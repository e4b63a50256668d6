"""Formulas, densities and the means taken over a compound."""

import json
import pickle
from itertools import pairwise

import pytest

from sem3d.chemistry import (
    _DENSITIES,
    ELEMENTS,
    known_materials,
    material,
    material_file,
    material_from,
    parse_formula,
)
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
    lighter = {b for a, b in pairwise(ELEMENTS) if ELEMENTS[b].A <= ELEMENTS[a].A}
    assert lighter == {"K", "Ni", "I", "Pa"}  # after Ar, Co, Te and Th
    heavy = [e for symbol, e in ELEMENTS.items() if symbol != "H"]
    assert all(1.98 < element.A / element.Z < 2.6 for element in heavy)


def test_numbers_of_elements():
    numbers = {symbol: ELEMENTS[symbol].Z for symbol in ("H", "Ge", "Ru", "Hf", "Pt", "Pb", "U")}
    assert list(numbers.values()) == [1, 32, 44, 72, 78, 82, 92]
    assert {*range(1, 93)} - {e.Z for e in ELEMENTS.values()} == {43, 61, *range(84, 90)}


def test_unknown_material(tmp_path):
    with pytest.raises(InputError, match=r"'SiO' is not known, did you mean 'SiO2'.*materials add"):
        material("SiO", tmp_path)


def test_no_name_leaves_the_library(tmp_path):
    (tmp_path / "outside.json").write_text("{}")
    with pytest.raises(InputError, match="is not known"):
        material("../outside", tmp_path / "library")


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


def test_formula_with_no_atoms():
    with pytest.raises(InputError, match="counts no atoms"):
        material_from("Si0", 2.33)


def test_a_material_of_the_library(tmp_path):
    told = {"formula": "C5H8O2", "density_g_cm3": 1.18, "source": "maker"}
    material_file("PMMA", tmp_path).write_text(json.dumps(told))
    found = material("PMMA", tmp_path)
    assert (found.name, found.atoms) == ("PMMA", {"C": 5, "H": 8, "O": 2})
    assert (found.density_g_cm3, found.source) == (1.18, "maker")
    assert known_materials(tmp_path)[-2:] == ["TiN", "PMMA"]


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "{}", '{"formula": 1, "density_g_cm3": 1, "source": ""}',
     '{"formula": "Xx", "density_g_cm3": 1, "source": ""}', "\udc80"],
)  # fmt: skip
def test_a_damaged_file_of_the_library(tmp_path, content):
    material_file("PMMA", tmp_path).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"PMMA\.json is damaged .*delete it and add the material"):
        material("PMMA", tmp_path)


@pytest.mark.parametrize("name", ["a/b", "../x", ".x", "2Au", "none", "vacuum", "absorb", "a b"])
def test_names_that_cannot_be(name):
    with pytest.raises(InputError, match="is taken or no word; begin with a letter"):
        material_from("Al2O3", 3.97, name)
