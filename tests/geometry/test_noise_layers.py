"""Terraces: the quantisation, the published statistics, the independence of the layers."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.noise_layers import NoiseLayer, NoiseLayers
from sem3d.geometry.perlin import PerlinField
from sem3d.geometry.simplex import OpenSimplexField

AU, AL = NoiseLayer("Au", 15, 20), NoiseLayer("Al", 150, 10)


@dataclass(frozen=True)
class Ramp:
    """A known field: from -top to top along x."""

    top: float

    def __call__(self, rng, shape):
        return np.tile(np.linspace(-self.top, self.top, shape[1]), (shape[0], 1))


def draw(count, field, *layers, seed=5, shape=(128, 128)):
    geometry = NoiseLayers(field=field, layers=layers, shape=shape)
    drawn = [geometry(np.random.default_rng([seed, n])) for n in range(count)]
    return np.stack([specimen.thickness_nm for specimen in drawn])


def near(samples, expected, digits):
    """Mean of `samples` within four standard errors of a value rounded to `digits`."""
    error = 4 * np.std(samples) / math.sqrt(len(samples)) + 0.5 * 10.0**-digits
    return np.mean(samples) == pytest.approx(expected, abs=error)


@pytest.fixture(scope="module")
def perlin():
    return draw(400, PerlinField(), AU, AL)


@pytest.fixture(scope="module")
def simplex():
    return draw(150, OpenSimplexField(), AU, AL)


def levels(maps):
    return [np.unique(plane).size for plane in maps]


def cover(maps):
    return (maps > 0).mean(axis=(1, 2))


def test_levels_of_a_known_field():
    # Field 0, .05, ..., .2: with 20 steps K = 4 and the levels are floor(15 k / 4).
    maps = draw(1, Ramp(0.2000001), NoiseLayer("Au", 15, 20), shape=(1, 9))
    assert maps[0, 0, 0].tolist() == [0, 0, 0, 0, 0, 3, 7, 11, 15]


def test_perlin_levels_and_cover(perlin):
    au, al = perlin[:, 0], perlin[:, 1]
    assert (np.median(levels(au)), np.median(levels(al))) == (8, 4)
    assert near(cover(au), 0.386, 3)
    assert near(cover(al), 0.282, 3)


def test_perlin_cases(perlin):
    au, al = perlin[:, 0] > 0, perlin[:, 1] > 0
    for case, share in ((~au & ~al, 0.44), (au & ~al, 0.28), (~au & al, 0.17), (au & al, 0.11)):
        assert near(case.mean(axis=(1, 2)), share, 2)


def test_perlin_voxels(perlin):
    au, al = perlin[:, 0] // 10 / 16, perlin[:, 1] // 10 / 16
    assert near(au.mean(axis=(1, 2)), 0.005, 3)
    assert near(al.mean(axis=(1, 2)), 0.123, 3)
    assert near(1 - (au + al).mean(axis=(1, 2)), 0.871, 3)


def test_every_map_spans_its_limits(perlin, simplex):
    for maps in (perlin, simplex):
        assert np.all(maps.min(axis=(2, 3)) == 0)
        assert np.all(maps.max(axis=(2, 3)) == [15, 150])


def test_simplex_levels_and_cover(simplex):
    au, al = simplex[:, 0], simplex[:, 1]
    assert (np.median(levels(au)), np.median(levels(al))) == (7, 4)
    assert near(cover(au), 0.42, 2)
    assert near(cover(al), 0.33, 2)


def test_layers_are_uncorrelated(perlin):
    centred = perlin - perlin.mean(axis=0)
    product = (centred[:, 0] * centred[:, 1]).mean(axis=(1, 2))
    assert abs(product.mean()) < 4 * product.std() / math.sqrt(len(product))


def test_redraws_of_one_layer_leave_the_other_alone():
    # At 3 steps about a third of the gold fields has no level and is drawn again.
    plain = draw(40, PerlinField(), AU, AL, shape=(32, 32))
    redrawn = draw(40, PerlinField(), NoiseLayer("Au", 15, 3), AL, shape=(32, 32))
    np.testing.assert_array_equal(plain[:, 1], redrawn[:, 1])
    assert np.all(redrawn[:, 0].max(axis=(1, 2)) == 15)


def test_a_weak_field_is_refused():
    with pytest.raises(InputError, match=r"Au layer: .* stayed below 1/20"):
        draw(1, Ramp(0.01), AU, shape=(2, 3))


def test_a_layer_needs_a_step():
    with pytest.raises(InputError, match="Au layer has 0 steps"):
        NoiseLayer("Au", 15, 0)


@given(
    seed=st.integers(0, 2**32),
    limits=st.lists(st.integers(1, 400), min_size=1, max_size=4),
    cells=st.integers(1, 4),
    shape=st.tuples(st.integers(8, 24), st.integers(8, 24)),
)
@settings(deadline=None, max_examples=40)
def test_inside_the_limits_for_any_layers(seed, limits, cells, shape):
    layers = [NoiseLayer("Al", limit, 40) for limit in limits]
    first, second = (draw(1, PerlinField(cells), *layers, seed=seed, shape=shape) for _ in "ab")
    assert first.shape == (1, len(limits), *shape)
    assert first.max(axis=(0, 2, 3)).tolist() == limits
    assert first.tobytes() == second.tobytes()
