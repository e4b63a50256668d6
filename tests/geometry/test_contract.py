"""Every file of conf/geometry is a geometry: add one and it is tested."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from sem3d.chemistry import material
from sem3d.geometry.protocols import CaseList, Geometry, VoxelGeometry
from sem3d.specimen import LayeredSpecimen

CONF = Path(__file__).parents[2] / "conf"


def built(name):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(overrides=[f"+geometry={name}"])
    return instantiate(config.geometry, _convert_="all")


GEOMETRIES = {path.stem: built(path.stem) for path in sorted((CONF / "geometry").glob("*.yaml"))}


def every(kind):
    chosen = {name: g for name, g in GEOMETRIES.items() if isinstance(g, kind)}
    return pytest.mark.parametrize("geometry", chosen.values(), ids=chosen)


def draw(geometry, *key):
    specimen = geometry(np.random.default_rng(key))
    return specimen.thickness_nm if isinstance(specimen, LayeredSpecimen) else specimen.labels


@every(object)
def test_draws_layers_or_voxels(geometry):
    assert isinstance(geometry, Geometry) != isinstance(geometry, VoxelGeometry)


@every(object)
def test_same_seed_same_bytes_also_after_pickling(geometry):
    data = pickle.dumps(geometry)
    assert len(data) < 2000
    assert draw(geometry, 1).tobytes() == draw(pickle.loads(data), 1).tobytes()


@every(object)
def test_drawing_leaves_no_trace(geometry):
    before = pickle.dumps(geometry)
    first = draw(geometry, 1)
    draw(geometry, 2)
    assert np.array_equal(first, draw(geometry, 1))
    assert pickle.dumps(geometry) == before


@every(Geometry)
def test_layers_inside_the_declared_limits(geometry):
    maps = np.stack([draw(geometry, 3, n) for n in range(20)])
    assert maps.dtype == np.uint8
    assert maps.shape[1:] == (len(geometry.stack.materials), *geometry.shape)
    assert geometry.shape == (128, 128)
    assert np.all(maps.max(axis=(0, 2, 3)) <= geometry.stack.limits_nm)
    assert np.all(maps.max(axis=(0, 2, 3)) > 0)


@every(Geometry)
def test_specimen_carries_the_declared_stack(geometry):
    assert geometry(np.random.default_rng(0)).stack == geometry.stack


@every(VoxelGeometry)
def test_specimen_carries_the_declared_box(geometry):
    # Shape, type and highest label are checked by the specimen itself.
    assert geometry(np.random.default_rng(0)).box == geometry.box


@every(VoxelGeometry)
def test_voxels_show_every_material(geometry):
    found = set().union(*(np.unique(draw(geometry, 3, n)).tolist() for n in range(20)))
    assert found >= set(range(1, len(geometry.box.materials) + 1))


@every(CaseList)
def test_cases_are_distinct_and_start_again(geometry):
    count = len(geometry.names)
    cases = [geometry.case(n).labels.tobytes() for n in range(2 * count)]
    assert len({*geometry.names}) == len({*cases[:count]}) == count
    assert cases[:count] == cases[count:]


@every(CaseList)
def test_a_draw_is_any_case(geometry):
    cases = {geometry.case(n).labels.tobytes() for n in range(len(geometry.names))}
    assert {draw(geometry, 4, n).tobytes() for n in range(12 * len(cases))} == cases


@every(Geometry)
def test_layer_materials_are_tabulated(geometry):
    for name in (*geometry.stack.materials, geometry.stack.substrate):
        assert material(name).density_g_cm3 > 0


@every(VoxelGeometry)
def test_voxel_materials_are_tabulated(geometry):
    below = () if geometry.box.bottom == "absorb" else (geometry.box.bottom,)
    for name in (*geometry.box.materials, *below):
        assert material(name).density_g_cm3 > 0


def test_the_known_ones_are_there():
    layered = {"experimental", "mixed", "opensimplex", "perlin", "shapes"}
    assert layered | {"inclusions", "nanocube", "nanowire", "interconnect"} <= set(GEOMETRIES)
