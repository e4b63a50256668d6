"""What a file says, against what was put in."""

from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.simulate.nebula.inspection import inspect
from tests.simulate.nebula.cstool import write


def test_lengths_and_losses(tmp_path: Path) -> None:
    found = inspect(write(tmp_path / "si.mat"))
    assert found.energies_eV.tolist() == [100, 500, 1000, 2000, 5000, 10_000]
    np.testing.assert_allclose(found.elastic_nm, 2)
    np.testing.assert_allclose(found.transport_nm, 2)  # isotropic: every collision turns it round
    np.testing.assert_allclose(found.inelastic_nm, 4)
    # a loss of 1 % of the energy per 4 nm, but interpolated along the logarithm of the energy
    np.testing.assert_allclose(found.stopping_eV_nm, found.energies_eV / 400, rtol=0.06)


def test_shapes_and_quantities(tmp_path: Path) -> None:
    found = inspect(write(tmp_path / "si.mat"))
    assert found.shapes["full_penn/q_icdf"] == (16, 15, 15)
    assert found.quantities == {
        "fermi": (7.8, "eV"),
        "barrier": (12.4, "eV"),
        "band_gap": (1.1, "eV"),
    }


def test_a_bad_file_is_not_inspected(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.mat", lambda file: file.attrs.pop("fermi"))
    with pytest.raises(InputError, match="'fermi' is missing"):
        inspect(path)
