"""Small copies: what is thinned, what is not, and that Nebula can still read them."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.nebula.compact_file import compact, thinning
from sem3d.simulate.nebula.inspection import inspect
from sem3d.simulate.nebula.material_file import problems
from tests.simulate.nebula.cstool import LOSSES, scaled, write


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    source, target = write(tmp_path / "large.mat"), tmp_path / "small.mat"
    compact(source, target)
    return source, target


@pytest.mark.parametrize(("points", "step"), [(512, 7), (15, 7), (13, 6), (16, 5), (12, 1), (2, 1)])
def test_the_step_keeps_the_last_point(points: int, step: int) -> None:
    assert thinning(points) == step
    assert range(0, points, step)[-1] == points - 1


def test_only_the_even_axes_are_thinned(files: tuple[Path, Path]) -> None:
    with h5py.File(files[0]) as old, h5py.File(files[1]) as new:
        q, binding = "full_penn/q_icdf", "ionization/binding_icdf"
        assert new[q].shape == (16, 3, 15)
        np.testing.assert_array_equal(new[q][:], old[q][:, ::7])
        np.testing.assert_array_equal(new[binding][:], old[binding][:, ::7, ::7])
        np.testing.assert_array_equal(new["ionization/loss_frac"][:], LOSSES[::7])
        omega = "full_penn/omega_icdf"
        np.testing.assert_array_equal(new[omega][:], old[omega][:].astype("f4"))
        assert {new[n].dtype.str for n in (q, binding, omega, "full_penn/sp")} == {"<f4"}
        assert new[q].compression == "gzip"


def test_scales_stay_double_and_attached(files: tuple[Path, Path]) -> None:
    with h5py.File(files[1]) as new:
        scale = new["ionization/binding_icdf"].dims[1][0]
        assert (scale.name, scale.dtype.str, scale.is_scale) == (
            "/ionization/loss_frac",
            "<f8",
            True,
        )
        assert h5py.h5ds.get_scale_name(scale.id) == b"loss_frac"
        text = new["full_penn/q_icdf"].attrs.get_id("units").dtype
        assert h5py.check_string_dtype(text).length is None


def test_the_copy_says_the_same(files: tuple[Path, Path]) -> None:
    assert problems(files[1]) == []
    old, new = map(inspect, files)
    assert new.quantities == old.quantities
    assert new.material.energy_range_eV == old.material.energy_range_eV
    np.testing.assert_allclose(new.stopping_eV_nm, old.stopping_eV_nm, rtol=1e-6)


def test_a_scale_of_a_thinned_axis_is_thinned(tmp_path: Path) -> None:
    def share(file: Any) -> None:
        values = scaled(file["full_penn"], "share", np.linspace(0, 1, 15), "")
        file["full_penn/q_icdf"].dims[1].attach_scale(values)

    compact(write(tmp_path / "a.mat", share), tmp_path / "b.mat")
    assert problems(tmp_path / "b.mat") == []
    with h5py.File(tmp_path / "b.mat") as new:
        np.testing.assert_array_equal(new["full_penn/share"][:], [0, 0.5, 1])


def test_nothing_is_overwritten_or_left_half(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mat")
    with pytest.raises(InputError, match=r"a\.mat exists; choose another name"):
        compact(source, source)
    bad = write(tmp_path / "bad.mat", lambda file: file.pop("full_penn/q_icdf"))
    with pytest.raises(InputError, match="q_icdf is missing"):
        compact(bad, tmp_path / "c.mat")
    assert {p.name for p in tmp_path.iterdir()} == {"a.mat", "bad.mat"}


def test_a_failure_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(old: Any, new: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("sem3d.simulate.nebula.compact_file._attributes", fail)
    source = write(tmp_path / "a.mat")
    with pytest.raises(OSError, match="disk full"):
        compact(source, tmp_path / "b.mat")
    assert list(tmp_path.iterdir()) == [source]
