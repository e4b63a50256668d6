"""Engines on the same specimens: what each is asked, and what its numbers mean."""

import numpy as np
import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate.analytic import electron_range
from sem3d.validation import engines
from sem3d.validation.analytic_columns import CONSTANTS
from sem3d.validation.engines import DEPTHS_NM, PRESETS, Seen, compare, copper_columns, copper_from
from sem3d.validation.nebula_specimens import load_specimens
from sem3d.validation.specimens import ENERGIES_KEV
from tests.simulate.nebula.conftest import fake  # noqa: F401 - a fixture
from tests.simulate.nebula.cstool import write


@pytest.fixture(scope="module")
def found():
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SEM3D_NEBULA", raising=False)
        assert engines.number_of_runs() == len(PRESETS)
        seen = compare(4, 1, 1, lambda *words: told.append(words))
    return {s.engine: s for s in seen}, told


def test_engines_come_in_order_and_tell_how_far_they_are(found):
    seen, told = found
    names = [f"Monte Carlo, {preset}" for preset in PRESETS]
    assert list(seen) == ["analytic", *names, "Nebula 1.0.2, stored"]
    assert list(dict(told)) == names
    assert [share for name, share in told if name == names[0]] == pytest.approx(np.arange(8) / 7)
    assert all(s.images.keys() == copper_columns().keys() for s in seen.values())


def test_only_what_ran_has_a_rate_and_only_counts_have_errors(found):
    for name, seen in found[0].items():
        assert (seen.rate is not None) == name.startswith("Monte Carlo")
        assert (seen.electrons is None) == (name == "analytic")
        assert seen.film_error.any() == (name != "analytic")
    assert found[0]["Monte Carlo, none"].electrons == 4
    assert found[0]["Nebula 1.0.2, stored"].electrons == 200


def test_counting_engines_agree_roughly(found):
    """With 1,600 electrons per energy for the film and 700 for copper."""
    theirs = found[0]["Nebula 1.0.2, stored"]
    ours = found[0]["Monte Carlo, dielectric"]
    error = np.hypot(ours.film_error, theirs.film_error)
    assert (np.abs(ours.film - theirs.film) < 0.2 * theirs.film + 4 * error).all()
    (one, one_error), (two, two_error) = (s.contrast(copper_columns()) for s in (ours, theirs))
    assert (np.abs(one - two) < 0.25 * (1 + two) + 4 * np.hypot(one_error, two_error)).all()


def test_contrast_and_its_error_by_hand():
    image = np.full((1, 2, 2), 0.5)
    image[0, 0] = 0.9, 1.1
    seen = Seen("x", np.array([0.5]), {"a": image, "b": image}, np.array([0.05]), 100)
    top = np.array([[True, True], [False, False]])
    value, error = seen.contrast({"a": top, "b": top})
    assert value == pytest.approx([1.0])
    assert error == pytest.approx([2 * np.hypot(1 / np.sqrt(400), 0.1)])
    assert seen.contrast({"a": ~top, "b": ~top})[0] == pytest.approx([0.0])


def test_every_copper_pixel_has_one_depth():
    total = sum(c.astype(int).sum() for c in copper_columns().values())
    parts = [copper_from(depth) for depth in DEPTHS_NM]
    assert sum(int(p.sum()) for part in parts for p in part.values()) == total
    assert parts[0]["nanocube"].sum() == 25
    assert [int(part["vias"].sum()) for part in parts] == [0, 100, 0, 0, 75]


def test_the_analytic_engine_sees_columns_alone_and_is_silent_beyond_its_range(found):
    seen = found[0]["analytic"]
    inside = electron_range(torch.tensor(ENERGIES_KEV)) > 20 * CONSTANTS["Si"].mass_factor
    np.testing.assert_array_equal(np.isfinite(seen.film), inside)
    for s in load_specimens():
        image = seen.images[s.name][-1]
        assert np.unique(image[~s.columns]) == pytest.approx([seen.film[-1]])
        assert (image[s.columns] > seen.film[-1]).all()
        same = (s.labels == s.labels[:, :1, :1]).all(axis=0)
        assert len(np.unique(image[same])) == 1
    assert 1.5 < CONSTANTS["Cu"].signal / CONSTANTS["Si"].signal < 2


def test_nebula_runs_where_it_is_named(fake, tmp_path, monkeypatch):  # noqa: F811
    for name in engines.NEBULA_MATERIALS.values():
        write(tmp_path / name)
    monkeypatch.setenv("SEM3D_NEBULA", fake())
    monkeypatch.setenv("SEM3D_NEBULA_MATERIALS", str(tmp_path))
    monkeypatch.setattr(engines, "PRESETS", ())
    one = load_specimens()[:1]
    monkeypatch.setattr(engines, "load_specimens", lambda: one)
    assert engines.number_of_runs() == 1
    live = compare(4, 1, 1, lambda *_: None)[-1]
    assert live.engine == "Nebula 1.0.2"
    assert live.film == pytest.approx(0.25)  # every fourth electron comes back from the stand-in
    assert live.contrast(copper_columns())[0] == pytest.approx(0)
    assert live.rate > 0


def test_a_nebula_without_materials_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SEM3D_NEBULA", "nebula")
    monkeypatch.setenv("SEM3D_NEBULA_MATERIALS", str(tmp_path))
    monkeypatch.setattr(engines, "PRESETS", ())
    with pytest.raises(InputError, match=r"silicon\.mat does not exist; make it with cstool"):
        compare(4, 1, 1, lambda *_: None)
