"""Materials are added once, whole, and keep their meaning."""

import json
from pathlib import Path

import numpy as np
import pytest

from sem3d.chemistry import known_materials, material
from sem3d.errors import InputError
from sem3d.files import checksum_file
from sem3d.simulate.montecarlo import library
from sem3d.simulate.montecarlo.elastic import (
    BUILD_ENERGIES_EV,
    element_cross_section,
    load_element,
    load_elements,
    unpack,
)
from sem3d.simulate.montecarlo.library import add


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Elements whose cross sections were asked for; copper's stand for all of them."""
    asked: list[str] = []

    def stand_in(symbol: str, track: object) -> np.ndarray:
        asked.append(symbol)
        return unpack(load_elements()["Cu"])

    monkeypatch.setattr(library, "build_element", stand_in)
    return asked


def test_a_compound_of_shipped_elements_computes_nothing(
    tmp_path: Path, computed: list[str]
) -> None:
    new = add("Al2O3", 3.97, source="a handbook", library=tmp_path / "new")
    assert computed == []
    assert new == material("Al2O3", tmp_path / "new")
    assert (new.atoms, new.density_g_cm3, new.source) == ({"Al": 2, "O": 3}, 3.97, "a handbook")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["Al2O3.json"]
    told = json.loads((tmp_path / "new" / "Al2O3.json").read_text())
    assert told == {"formula": "Al2O3", "density_g_cm3": 3.97, "source": "a handbook"}


def test_an_element_is_computed_once(tmp_path: Path, computed: list[str]) -> None:
    add("GaAs", 5.32, library=tmp_path)
    add("GaN", 6.15, library=tmp_path)
    add("GaAs", 5.32, library=tmp_path)
    assert computed == ["Ga", "As"]
    assert known_materials(tmp_path)[-2:] == ["GaAs", "GaN"]
    np.testing.assert_array_equal(load_element("As", tmp_path), load_elements()["Cu"])


@pytest.mark.parametrize("damage", ["cut", "gone", "sum"])
def test_adding_again_repairs_an_element(tmp_path: Path, computed: list[str], damage: str) -> None:
    add("Ge", 5.323, library=tmp_path)
    path = tmp_path / "Ge.npz"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    if damage == "gone":
        path.unlink()
    if damage == "sum":
        checksum_file(path).write_text("0")
    load_elements.cache_clear()
    with pytest.raises(InputError, match="add"):
        element_cross_section("Ge", BUILD_ENERGIES_EV, tmp_path)
    add("Ge", 5.323, library=tmp_path)
    assert computed == ["Ge", "Ge"]
    assert element_cross_section("Ge", BUILD_ENERGIES_EV, tmp_path).shape == (56, 600)


def test_a_name_keeps_its_meaning(tmp_path: Path) -> None:
    add("Al2O3", 3.97, library=tmp_path)
    for formula, density in (("Al2O3", 3.0), ("Al2O2", 3.97)):
        with pytest.raises(InputError, match=r"'Al2O3' is known with 3\.97 g/cm3.*another --name"):
            add(formula, density, "Al2O3", library=tmp_path)
    with pytest.raises(InputError, match=r"'SiO2' is known with 2\.2 g/cm3 \(vitreous, CRC"):
        add("SiO2", 2.65, library=tmp_path)
    assert add("SiO2", 2.65, "quartz", library=tmp_path).name == "quartz"
    assert material("SiO2", tmp_path).density_g_cm3 == 2.2


def test_what_is_shipped_may_be_added_as_it_is(tmp_path: Path) -> None:
    assert add("SiO2", 2.20, library=tmp_path) == material("SiO2")
    assert not list(tmp_path.iterdir())


def test_an_element_that_cannot_be_is_told_before_anything_is_computed(
    tmp_path: Path, computed: list[str]
) -> None:
    with pytest.raises(InputError, match="'Nb' has no screening function"):
        add("GeNb3", 8.0, library=tmp_path / "new")
    assert computed == []
    assert not (tmp_path / "new").exists()


def test_an_interruption_leaves_the_material_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(symbol: str, track: object) -> np.ndarray:
        raise KeyboardInterrupt

    monkeypatch.setattr(library, "build_element", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add("Ge", 5.323, library=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_added_element_has_the_cross_sections_of_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aluminium as if it were not shipped."""
    monkeypatch.setattr(library, "load_element", _missing)
    monkeypatch.setattr(library, "element_file", lambda symbol, folder: folder / f"{symbol}.npz")
    add("Al", 2.70, "foil", library=tmp_path)
    shipped = load_elements()["Al"].astype(int)
    added = load_elements(tmp_path / "Al.npz")["Al"].astype(int)
    assert abs(added - shipped).max() <= 1  # the last digit stored, 0.07 %


def _missing(symbol: str, folder: Path) -> np.ndarray:
    raise InputError("not there")
