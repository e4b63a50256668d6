"""What is simulated once and kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sem3d.solvers.med_sem_reference import cache_folder, kept, uniform_yield
from sem3d.specimen import Beam
from tests.solvers.voxel_mixture import BEAM, MixtureEngine, problem_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sem3d"


def test_the_uniform_yield_is_that_of_a_wide_box() -> None:
    problem = problem_of()
    bare = uniform_yield(problem, 1)
    np.testing.assert_allclose(bare, 0.2 / np.sqrt(BEAM.energies_keV), rtol=1e-5)
    np.testing.assert_allclose(uniform_yield(problem, 2) - bare, 0.3, rtol=2e-3)


def test_once_is_enough_until_something_changes(folder: Path) -> None:
    engine = MixtureEngine()
    first = uniform_yield(problem_of(engine), 1)
    other_dose = problem_of(engine, beam=replace(BEAM, electrons=7))
    np.testing.assert_array_equal(uniform_yield(other_dose, 1), first)
    assert engine.calls == 1
    uniform_yield(problem_of(engine, beam=Beam([1.0, 2.0], electrons=7)), 1)
    uniform_yield(problem_of(engine, box=replace(problem_of().box, bottom="Cu")), 1)
    uniform_yield(problem_of(engine), 1, electrons=50)
    assert engine.calls == 4
    changed = MixtureEngine(scale=0.2)
    uniform_yield(problem_of(changed), 1)
    assert changed.calls == 1
    assert len(list(folder.iterdir())) == 5


def test_other_code_computes_anew(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    for text, value in (("a", 1), ("b", 2), ("a", 3)):
        source.write_text(text)
        found = kept(problem_of(), {}, lambda v=value: {"x": np.array(v)}, str(source))
        assert found["x"] == {"a": 1, "b": 2}[text]


def test_without_a_variable_it_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "sem3d"
