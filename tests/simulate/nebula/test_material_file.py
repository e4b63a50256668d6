"""Material files: good ones are read, each fault is told."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.nebula.material_file import problems, read_material
from tests.simulate.nebula.cstool import ENERGIES, scaled, table, write

Q, IMFP = "full_penn/q_icdf", "kieft/elastic/imfp"


def test_a_good_file(tmp_path: Path) -> None:
    path = write(tmp_path / "si.mat")
    assert problems(path) == []
    found = read_material(path)
    assert (found.path, found.name, found.version, found.metal) == (path, "silicon", "1.0.7", False)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    lowest, highest = found.energy_range_eV
    assert lowest == pytest.approx(ENERGIES[2])  # where the second scale starts
    assert highest == pytest.approx(ENERGIES[2] * 20_000**0.8)


def test_a_file_without_band_gap_is_a_metal(tmp_path: Path) -> None:
    assert read_material(write(tmp_path / "m.mat", lambda f: f.attrs.pop("band_gap"))).metal


def test_even_axes_may_have_scales(tmp_path: Path) -> None:
    def even(file: Any) -> None:
        file[Q].dims[1].attach_scale(scaled(file["full_penn"], "share", np.linspace(0, 1, 15), ""))

    assert problems(write(tmp_path / "even.mat", even)) == []


def _replace(file: Any, name: str, values: np.ndarray) -> None:
    unit = file[name].attrs["units"]
    del file[name]
    table(file, name, values, unit)


def _rescale(values: np.ndarray) -> Callable[[Any], None]:
    def spoil(file: Any) -> None:
        old = file["kieft/elastic/energy"]
        file[IMFP].dims[0].detach_scale(old)
        file[IMFP].dims[0].attach_scale(scaled(file["kieft/elastic"], "other", values, "eV"))

    return spoil


def _spoil_value(name: str, value: float) -> Callable[[Any], None]:
    def spoil(file: Any) -> None:
        file[name][(3,) * file[name].ndim] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: f[Q].attrs.pop("units"), "full_penn/q_icdf has no attribute 'units'"),
        (
            lambda f: f["ionization/loss_frac"].attrs.pop("units"),
            "the scale of axis 1 of ionization/binding_icdf has no attribute 'units'",
        ),
        (
            lambda f: f[IMFP].attrs.modify("units", b"1/m"),
            r"kieft/elastic/imfp has the wrong units '1/m', not 'nm\^-1'",
        ),
        (
            lambda f: f[IMFP].attrs.create("units", np.bytes_(b"nm^-1")),
            "kieft/elastic/imfp has the wrong units",
        ),
        (lambda f: f.attrs.pop("name"), "attribute 'name' is missing or no string"),
        (lambda f: f.attrs.pop("fermi"), "attribute 'fermi' is missing"),
        (lambda f: f.attrs.create("barrier", 3.0), "attribute 'barrier' is missing or no value"),
        (lambda f: f.pop(Q), "table full_penn/q_icdf is missing"),
        (lambda f: _replace(f, Q, np.ones((16, 15))), r"shape \(16, 15\) of float64, not 3 axes"),
        (lambda f: _replace(f, IMFP, np.ones(16)), "axis 0 of kieft/elastic/imfp has no scale"),
        (_rescale(np.geomspace(1, 20_000, 15)), r"has the shape \(15,\), not \(16,\)"),
        (_rescale(np.linspace(1, 20_000, 16)), "axis 0 of kieft/elastic/imfp is not logarithmic"),
        (_rescale(np.geomspace(1, 20_000, 16).astype("f4")), "is not logarithmic"),
        (_rescale(np.geomspace(20_000, 1, 16)), "does not rise"),
        (_rescale(np.linspace(0, 20_000, 16)), "does not start above 0"),
        (_spoil_value(Q, np.nan), "full_penn/q_icdf holds a value that is not finite"),
        (_spoil_value(IMFP, np.inf), "kieft/elastic/imfp holds a value"),
        (_spoil_value("kieft/elastic/costheta_icdf", 1.5), "out of range"),
        (_spoil_value("full_penn/omega_icdf", -1.0), "out of range"),
    ],
)  # fmt: skip
def test_each_fault_is_told(tmp_path: Path, spoil: Callable[[Any], object], told: str) -> None:
    path = write(tmp_path / "bad.mat", spoil)
    (only,) = problems(path)
    with pytest.raises(InputError, match=rf"bad\.mat cannot be used: .*{told}.*again with cstool"):
        read_material(path)
    assert "\n" not in only


def test_several_faults_are_counted(tmp_path: Path) -> None:
    def spoil(file: Any) -> None:
        del file.attrs["name"], file[Q], file.attrs["barrier"]

    path = write(tmp_path / "bad.mat", spoil)
    assert len(problems(path)) == 3
    with pytest.raises(InputError, match=r"'name' is missing.* \(and 2 more\)"):
        read_material(path)


@pytest.mark.parametrize("keep", [0, 100, -2000])
def test_a_file_cut_short_is_refused(tmp_path: Path, keep: int) -> None:
    path = write(tmp_path / "short.mat")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"short\.mat (is truncated|is no HDF5 file); make it"):
        problems(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.mat does not exist"):
        read_material(tmp_path / "none.mat")


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"pip install 'sem3d\[nebula\]'"):
        read_material(tmp_path / "si.mat")


def test_units_in_unicode_end_nebula(tmp_path: Path) -> None:
    """It asks for ASCII; inside a compound HDF5 converts nothing and leaves a wild pointer."""

    def spoil(file: Any) -> None:
        kind = np.dtype([("value", float), ("unit", h5py.string_dtype())])
        file.attrs.create("fermi", np.array((7.8, "eV"), dtype=kind), dtype=kind)

    told = problems(write(tmp_path / "unicode.mat", spoil))
    assert told == ["attribute 'fermi' has a unit that is no ASCII string of free length"]
