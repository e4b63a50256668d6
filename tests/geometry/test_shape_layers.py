"""Sharp structures: limits, holes, cover and the documented shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sem3d.geometry.layers import Layer
from sem3d.geometry.shape_layers import ShapeLayers

LAYERS = (Layer("Au", 15), Layer("Al", 150))


def draw(count, shape=(48, 48), layers=LAYERS, **settings):
    geometry = ShapeLayers(layers=layers, shape=shape, **settings)
    drawn = [geometry(np.random.default_rng([3, n])) for n in range(count)]
    return np.stack([specimen.thickness_nm for specimen in drawn])


@pytest.fixture(scope="module")
def maps():
    return draw(300)


def test_cover_and_cases(maps):
    present = maps > 0
    per_map = present.mean(axis=(2, 3))
    assert per_map.mean(axis=0) == pytest.approx([0.38, 0.38], abs=0.03)
    assert np.quantile(per_map, [0.05, 0.95]) == pytest.approx([0.11, 0.67], abs=0.05)
    au, al = present[:, 0], present[:, 1]
    cases = [np.mean(case) for case in (~au & ~al, au & ~al, ~au & al, au & al)]
    assert cases == pytest.approx([0.39, 0.23, 0.23, 0.15], abs=0.03)


def test_thickness_is_uniform_and_reaches_both_ends(maps):
    found = [value for plane in maps[:, 0] for value in np.unique(plane) if value]
    counts = np.bincount(found, minlength=16)[1:]
    assert counts.min() > 0.6 * counts.mean()
    assert counts.max() < 1.5 * counts.mean()
    assert maps[:, 1].max() == 150


def test_few_terraces(maps):
    assert max(np.unique(plane).size for plane in maps.reshape(-1, 48, 48)) <= 8


def test_holes_only_remove():
    # Solid or hole, an outline takes the same random numbers: both draws have equal outlines.
    holes, solid = draw(60, hole_share=1.0), draw(60, hole_share=0.0)
    assert np.all((holes > 0) <= (solid > 0))
    assert (holes > 0).mean() < 0.6 * (solid > 0).mean()
    assert all(np.unique(plane).size <= 2 for plane in holes.reshape(-1, 48, 48))


def test_more_shapes_cover_more():
    assert (draw(60, most_shapes=2) > 0).mean() < 0.7 * (draw(60, most_shapes=12) > 0).mean()


@given(
    seed=st.integers(0, 2**32),
    limits=st.lists(st.integers(1, 400), min_size=1, max_size=4),
    shape=st.tuples(st.integers(1, 24), st.integers(1, 24)),
)
@settings(deadline=None, max_examples=40)
def test_inside_the_limits_for_any_layers(seed, limits, shape):
    geometry = ShapeLayers(layers=[Layer("Al", limit) for limit in limits], shape=shape)
    first, second = (geometry(np.random.default_rng(seed)).thickness_nm for _ in "ab")
    assert first.shape == (len(limits), *shape)
    assert np.all(first.max(axis=(1, 2)) <= limits)
    assert first.tobytes() == second.tobytes()
