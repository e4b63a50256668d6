"""The shipped cross sections: whole, smooth and refused when damaged."""

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.files import checksum_file, write_arrays
from sem3d.simulate.montecarlo.angles import beyond, total
from sem3d.simulate.montecarlo.build import SHIPPED
from sem3d.simulate.montecarlo.elastic import (
    BUILD_ENERGIES_EV,
    DATA,
    MU,
    element_cross_section,
    load_elements,
    pack,
    unpack,
)


@pytest.fixture
def copy(tmp_path):
    """A small file of one element with its checksum."""
    path = tmp_path / "elements.npz"
    write_arrays(path, {"Si": load_elements()["Si"]})
    return path


def test_every_element_is_shipped():
    assert set(load_elements()) == set(SHIPPED)
    assert {table.shape for table in load_elements().values()} == {(56, 600)}
    assert DATA.stat().st_size < 1.5e6


def test_the_grids():
    assert MU.shape == (600,)
    assert np.all(np.diff(MU) > 0)
    assert MU[[0, -1]].tolist() == pytest.approx([1e-7, 1])
    assert BUILD_ENERGIES_EV[[0, -1]].tolist() == pytest.approx([32, 66000])


def test_storage_keeps_the_cross_section():
    values = np.geomspace(1e-9, 1e3, 1000)
    np.testing.assert_allclose(unpack(pack(values)), values, rtol=4e-4)


@pytest.mark.parametrize("symbol", SHIPPED)
def test_cross_sections_fall_with_energy(symbol):
    energies = np.geomspace(500, 65536, 40)
    density = element_cross_section(symbol, energies)
    assert np.all(np.diff(total(density)) < 0)
    assert np.all(np.diff(beyond(density, 0.5)) < 0)


def test_interpolation_meets_the_build_energies():
    found = element_cross_section("Cu", BUILD_ENERGIES_EV)
    np.testing.assert_allclose(found, unpack(load_elements()["Cu"]), rtol=1e-9)


def test_a_copy_is_read(copy):
    np.testing.assert_array_equal(load_elements(copy)["Si"], load_elements()["Si"])


def test_changed_file_is_refused(copy):
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    with pytest.raises(InputError, match=r"differs from its SHA-256; add a material of it by"):
        load_elements(copy)


def test_truncated_file_is_refused(copy):
    copy.write_bytes(copy.read_bytes()[:-100])
    with pytest.raises(InputError, match="differs from its SHA-256"):
        load_elements(copy)


@pytest.mark.parametrize("content", ["", "not a hash"])
def test_damaged_checksum_is_refused(copy, content):
    checksum_file(copy).write_text(content)
    with pytest.raises(InputError, match=r"SHA-256|sha256"):
        load_elements(copy)


def test_missing_file(tmp_path):
    with pytest.raises(
        InputError, match=r"nothing\.npz or its \.sha256 is missing; add a material of it"
    ):
        load_elements(tmp_path / "nothing.npz")


def test_a_damaged_shipped_file_names_the_builder(monkeypatch, copy):
    monkeypatch.setattr("sem3d.simulate.montecarlo.elastic.DATA", copy)
    checksum_file(copy).write_text("0")
    with pytest.raises(InputError, match=r"install sem3d again or run python -m .*\.build"):
        load_elements(copy)


def test_elements_that_are_not_shipped_come_from_the_library(tmp_path):
    write_arrays(tmp_path / "Ge.npz", {"Ge": load_elements()["Cu"]})
    found = element_cross_section("Ge", BUILD_ENERGIES_EV, tmp_path)
    np.testing.assert_array_equal(found, element_cross_section("Cu", BUILD_ENERGIES_EV, tmp_path))


def test_a_file_of_another_element_is_refused(tmp_path):
    write_arrays(tmp_path / "As.npz", {"Ge": load_elements()["Cu"]})
    with pytest.raises(InputError, match="'As' has no elastic cross sections"):
        element_cross_section("As", BUILD_ENERGIES_EV, tmp_path)
