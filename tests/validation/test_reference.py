"""Reference data: whole, sourced, and the statistics made of them."""

import hashlib
import shutil
from importlib.resources import files

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.validation.nebula_specimens import COPPER, DATA, SILICON, load_specimens
from sem3d.validation.reference import (
    at_energies,
    hunger_kuchler,
    measured_points,
    median_of_sets,
    near,
    nebula_film,
    read_rows,
)


@pytest.mark.parametrize("name", ["backscatter_reference", "elastic_reference", "nebula_film"])
def test_every_file_names_its_source(name):
    text = files("sem3d.validation").joinpath(f"{name}.csv").read_text()
    assert "# Provenance: " in text.split("\n\n")[0]
    assert len(text) < 60_000


def test_every_measurement_is_read():
    assert len(read_rows("backscatter_reference")) == 317
    assert sum(len(measured_points(e)) for e in ("Al", "Si", "Cu", "Au")) == 317
    assert all(0.05 < p.eta < 0.6 for p in measured_points("Cu"))


def test_each_set_counts_once_near_an_energy():
    found = near("Cu", 1.0)
    assert len({p.source for p in found}) == len(found)
    assert all(0.92 <= p.energy_keV <= 1.08 for p in found)
    assert [round(v, 4) for v in (min(p.eta for p in found), max(p.eta for p in found))] == [
        0.265, 0.4375,
    ]  # fmt: skip


def test_median_of_sets():
    assert median_of_sets("Al", 5.0) == pytest.approx(0.163)
    assert median_of_sets("Si", 0.01) is None


@pytest.mark.parametrize(
    ("element", "energy", "expected"), [("Si", 10, 0.1763), ("Au", 20, 0.4839), ("Cu", 5, 0.3160)]
)
def test_formula_of_hunger_and_kuchler(element, energy, expected):
    """Worked out by hand from the header of the reference file."""
    assert hunger_kuchler(element, energy) == pytest.approx(expected, abs=2e-4)


def test_the_longest_run_of_the_film_counts():
    film = nebula_film()
    assert [y.energy_keV for y in film] == [k / 2 for k in range(1, 21)]
    one, half = at_energies(film, [1.0, 1.5])
    assert (one.value, one.error) == (0.2663, 0.0011)
    assert half.value == pytest.approx(0.2329)
    with pytest.raises(KeyError):
        at_energies(film, [0.75])


def test_specimens_are_films_with_copper():
    specimens = load_specimens()
    assert len(specimens) == 6
    for s in specimens:
        assert s.labels.shape == (20, 20, 20)
        assert set(np.unique(s.labels)) == {SILICON, COPPER}
        assert s.counts.shape == (20, 20, 20)
        assert s.electrons == 200
    cube = next(s for s in specimens if s.name == "nanocube")
    assert cube.columns.sum() == 25
    assert (cube.labels == COPPER).sum() == 125
    assert cube.energies_keV[cube.nearest(2.1)] == 2.0


def test_copper_is_bright_in_the_images():
    """So rows, columns and depth of labels and counts belong together."""
    for s in load_specimens():
        image = s.counts[3:6].sum(0)
        assert image[s.columns].mean() > 1.1 * image[~s.columns].mean()


def test_damaged_specimens_are_refused(tmp_path):
    copy = shutil.copy(DATA, tmp_path / DATA.name)
    with pytest.raises(InputError, match=r"\.sha256 is missing; install"):
        load_specimens(copy)
    digest = hashlib.sha256(b"something else").hexdigest()
    copy.with_name(f"{copy.name}.sha256").write_text(f"{digest}  {copy.name}\n")
    with pytest.raises(InputError, match="differs from its SHA-256; install"):
        load_specimens(copy)
