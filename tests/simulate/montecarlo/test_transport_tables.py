"""What the transport reads: shapes, consistency, mean loss, digest."""

import numpy as np
import pytest

from sem3d.chemistry import material, material_from
from sem3d.errors import InputError
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.hard_collisions import MODELS
from sem3d.simulate.montecarlo.mixture import hard_channel, shell_densities
from sem3d.simulate.montecarlo.stopping import stopping_power
from sem3d.simulate.montecarlo.transport_tables import tables_for

MATERIALS = [material("Si"), material("Cu"), material("SiO2")]


@pytest.mark.parametrize("hard", MODELS)
def test_shapes_and_signs(hard):
    tables = tables_for(MATERIALS, hard)
    assert tables.names == ("Si", "Cu", "SiO2")
    assert tables.hard == hard
    for name in ("sigma", "elastic", "stopping", "range_nm", "hard_share"):
        found = getattr(tables, name)
        assert found.shape == (3, 177)
        assert found.dtype == np.float32
        assert np.all(np.isfinite(found))
        assert np.all(found >= 0)
    assert tables.angle.shape == (3, 177, 321)
    assert tables.shells.shape == (3, 8, 2)
    assert np.all(tables.shells[0, 5:] == 0)
    assert np.all(tables.stopping > 0)
    assert np.all(np.diff(tables.range_nm) > 0)
    assert np.all(np.diff(tables.angle) <= 0)  # steps near mu = 1 are below float32


def test_without_hard_collisions_all_loss_is_continuous():
    tables = tables_for(MATERIALS)
    assert np.all(tables.sigma == tables.elastic)
    assert np.all(tables.hard_share == 0)
    expected = stopping_power(material("Cu"), ENERGIES_EV)
    np.testing.assert_allclose(tables.stopping[1], expected, rtol=1e-6)


@pytest.mark.parametrize("hard", ["moller", "dielectric"])
@pytest.mark.parametrize("name", ["Si", "Au"])
def test_mean_loss_stays(hard, name):
    tables = tables_for([material(name)], hard)
    rate, loss = hard_channel(hard, shell_densities(material(name)), ENERGIES_EV)
    share = tables.hard_share[0].astype(float)
    full = stopping_power(material(name), ENERGIES_EV)
    np.testing.assert_allclose(tables.stopping[0] + share * loss, full, rtol=1e-5)
    np.testing.assert_allclose(tables.sigma[0] - tables.elastic[0], share * rate, atol=1e-6)
    assert np.all(tables.stopping[0] >= 0.0999 * full)
    assert np.all((share > 0) & (share <= 1))


def test_hard_collisions_lengthen_the_range():
    soft, hard = (tables_for(MATERIALS, model).range_nm for model in ("none", "moller"))
    assert np.all(hard >= soft)
    assert hard[0, -1] > 1.3 * soft[0, -1]


def test_digest_tells_tables_apart():
    digests = {
        tables_for(MATERIALS).sha256,
        tables_for(MATERIALS[::-1]).sha256,
        tables_for(MATERIALS[:1]).sha256,
        tables_for(MATERIALS, "moller").sha256,
        tables_for([material_from("SiO2", 2.65)]).sha256,
    }
    assert len(digests) == 5
    assert tables_for(MATERIALS).sha256 == tables_for(MATERIALS).sha256


def test_a_material_does_not_depend_on_its_neighbours():
    alone, among = tables_for([material("SiO2")]), tables_for(MATERIALS)
    np.testing.assert_array_equal(alone.angle[0], among.angle[2])
    np.testing.assert_array_equal(alone.sigma[0], among.sigma[2])


@pytest.mark.parametrize(
    ("materials", "hard", "message"),
    [([], "none", "name at least one"), (MATERIALS, "mollar", "did you mean 'moller'")],
)
def test_bad_input(materials, hard, message):
    with pytest.raises(InputError, match=message):
        tables_for(materials, hard)
