"""The builder writes what it computes; the shipped file is what it computes."""

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.montecarlo import build
from sem3d.simulate.montecarlo.elastic import (
    BUILD_ENERGIES_EV,
    element_cross_section,
    load_elements,
    unpack,
)


def test_unknown_element():
    with pytest.raises(InputError, match="'Sj' has no screening function, did you mean 'S'"):
        build.build_element("Sj")


def test_element_that_nobody_fitted():
    with pytest.raises(
        InputError, match="'Nb' has no screening function; a material with it cannot"
    ):
        build.screening("Nb")


def test_energies_are_tracked():
    seen = []

    def track(things, title):
        seen.append(title)
        return things

    found = build.build_element("O", np.array([1000.0]), track)
    assert (found.shape, seen) == ((1, 600), ["cross sections of O"])


def test_the_command_adds_elements_to_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "build_element", lambda symbol: np.full((56, 600), len(symbol) / 8))
    path = tmp_path / "elements.npz"
    build.main(["C"], path)
    load_elements.cache_clear()
    build.main(["Si"], path)
    load_elements.cache_clear()
    assert set(load_elements(path)) == {"C", "Si"}
    np.testing.assert_allclose(unpack(load_elements(path)["Si"]), 0.25)
    assert not list(tmp_path.glob("*.partial*"))


def test_the_whole_file_is_made_new_from_a_damaged_one(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "build_element", lambda symbol: np.ones((56, 600)))
    path = tmp_path / "elements.npz"
    path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="sha256 is missing"):
        build.main(["Si"], path)
    build.main([], path)
    assert set(load_elements(path)) == set(build.SHIPPED)


@pytest.mark.parametrize("symbol", ["Si", "Au"])
@pytest.mark.parametrize("row", [0, 20])
def test_shipped_rows_are_computed_again(symbol, row):
    energies = BUILD_ENERGIES_EV[row : row + 1]
    found = build.build_element(symbol, energies)
    np.testing.assert_allclose(found, element_cross_section(symbol, energies), rtol=1e-3)


@pytest.mark.slow
def test_shipped_element_is_computed_again():
    found = build.build_element("Cu")
    np.testing.assert_allclose(found, unpack(load_elements()["Cu"]), rtol=1e-3)


@pytest.mark.slow
def test_energies_between_those_of_the_build():
    """Interpolation in the logarithms, halfway between two energies of the build."""
    energies = np.sqrt(BUILD_ENERGIES_EV[12:45:8] * BUILD_ENERGIES_EV[13:46:8])
    for symbol in ("Si", "Au"):
        found = element_cross_section(symbol, energies)
        exact = build.build_element(symbol, energies)
        np.testing.assert_allclose(found.sum(1), exact.sum(1), rtol=0.01)
