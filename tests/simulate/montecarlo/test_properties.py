"""Lengths and losses in bulk against check values."""

from pathlib import Path

import numpy as np
import pytest

from sem3d.chemistry import material
from sem3d.errors import InputError
from sem3d.simulate.montecarlo.properties import bulk_yield, properties
from sem3d.simulate.montecarlo.stopping import stopping_power

ENERGIES = np.array([1.0, 5.0, 10.0, 20.0])


@pytest.mark.parametrize(
    ("name", "ranges", "free_path"),
    [("Si", [36, 463, 1503, 5049], 1.56), ("Cu", [15, 163, 510, 1665], 0.93)],
)
def test_ranges_and_free_paths(name: str, ranges: list[float], free_path: float) -> None:
    found = properties(name, ENERGIES)
    np.testing.assert_allclose(found.range_nm, ranges, rtol=0.03)
    assert found.free_path_nm[0] == pytest.approx(free_path, abs=0.01)
    np.testing.assert_array_equal(
        found.stopping_eV_nm, stopping_power(material(name), 1000 * ENERGIES)
    )


def test_forward_scattering_makes_the_transport_path_the_longer_one() -> None:
    found = properties("Si", ENERGIES)
    ratio = found.transport_nm / found.free_path_nm
    assert (np.diff(ratio) > 0).all()
    assert ratio[0] > 5
    assert found.transport_nm[2] == pytest.approx(655, rel=0.03)  # tables of ELSEPA


def test_bulk_yield_of_silicon_and_gold() -> None:
    """Measured medians at 20 keV lie near .17 and .49."""
    silicon, gold = (bulk_yield(name, ENERGIES[3:], 2000)[0] for name in ("Si", "Au"))
    assert silicon == pytest.approx(0.17, abs=0.04)
    assert gold == pytest.approx(0.48, abs=0.05)


def test_an_unknown_material_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'Unobtainium' is not known"):
        properties("Unobtainium", ENERGIES, tmp_path)
