"""Every file of conf/geometry is a geometry: add one and it is tested."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from sem3d.geometry.protocols import Geometry
from sem3d.materials import material

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(path.stem for path in (CONF / "geometry").glob("*.yaml"))


@pytest.fixture(scope="module", params=NAMES)
def geometry(request):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(overrides=[f"+geometry={request.param}"])
    return instantiate(config.geometry, _convert_="all")


def draw(geometry, *key):
    return geometry(np.random.default_rng(key)).thickness_nm


def test_is_a_geometry(geometry):
    assert isinstance(geometry, Geometry)
    assert geometry.shape == (128, 128)


def test_same_seed_same_bytes_also_after_pickling(geometry):
    data = pickle.dumps(geometry)
    assert len(data) < 2000
    assert draw(geometry, 1).tobytes() == draw(pickle.loads(data), 1).tobytes()


def test_drawing_leaves_no_trace(geometry):
    before = pickle.dumps(geometry)
    first = draw(geometry, 1)
    draw(geometry, 2)
    assert np.array_equal(first, draw(geometry, 1))
    assert pickle.dumps(geometry) == before


def test_inside_the_declared_box(geometry):
    maps = np.stack([draw(geometry, 3, n) for n in range(20)])
    assert maps.dtype == np.uint8
    assert maps.shape[1:] == (len(geometry.stack.materials), *geometry.shape)
    assert np.all(maps.max(axis=(0, 2, 3)) <= geometry.stack.limits_nm)
    assert np.all(maps.max(axis=(0, 2, 3)) > 0)


def test_specimen_carries_the_declared_stack(geometry):
    assert geometry(np.random.default_rng(0)).stack == geometry.stack


def test_materials_are_tabulated(geometry):
    for name in (*geometry.stack.materials, geometry.stack.substrate):
        assert material(name).density_g_cm3 > 0


def test_all_files_share_one_stack():
    assert {"experimental", "mixed", "opensimplex", "perlin", "shapes"} <= set(NAMES)
