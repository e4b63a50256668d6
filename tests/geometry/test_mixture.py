"""Shares of a mixture, and the mixtures it refuses."""

import math

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.experimental import Experimental
from sem3d.geometry.layers import Layer
from sem3d.geometry.mixture import Mixture
from sem3d.geometry.noise_layers import NoiseLayer, NoiseLayers
from sem3d.geometry.perlin import PerlinField
from sem3d.geometry.shape_layers import ShapeLayers


def sharp(shape=(16, 16), limit=150):
    return ShapeLayers(layers=(Layer("Au", 15), Layer("Al", limit)), shape=shape)


def smooth(shape=(16, 16)):
    layers = (NoiseLayer("Au", 15, 20), NoiseLayer("Al", 150, 20))
    return NoiseLayers(field=PerlinField(), layers=layers, shape=shape)


def test_every_specimen_comes_from_one_part_in_its_share():
    parts = {"sharp": sharp(), "smooth": smooth()}
    mixture = Mixture(parts, {"sharp": 3.0, "smooth": 1.0})
    found = []
    for seed in range(120):
        specimen = mixture(np.random.default_rng(seed)).thickness_nm
        own = {name: g(np.random.default_rng(seed)).thickness_nm for name, g in parts.items()}
        found += [name for name, expected in own.items() if np.array_equal(specimen, expected)]
    assert len(found) == 120
    assert found.count("sharp") / 120 == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / 120))


def test_takes_stack_and_shape_from_its_parts():
    mixture = Mixture({"a": smooth((8, 9))}, {"a": 1.0})
    assert mixture.stack == smooth().stack
    assert mixture.shape == (8, 9)


@pytest.mark.parametrize("other", [sharp(shape=(8, 8)), sharp(limit=151), Experimental()])
def test_refuses_parts_that_differ(other):
    with pytest.raises(InputError, match="'b' differs from the first part"):
        Mixture({"a": sharp(), "b": other}, {"a": 1.0, "b": 1.0})


@pytest.mark.parametrize("weights", [{}, {"b": 1.0}, {"a": 1.0, "b": 1.0}])
def test_refuses_weights_for_other_parts(weights):
    with pytest.raises(InputError, match="one weight per part"):
        Mixture({"a": sharp()}, weights)


def test_refuses_an_empty_mixture():
    with pytest.raises(InputError, match="one weight per part"):
        Mixture({}, {})


def test_refuses_a_part_without_weight():
    with pytest.raises(InputError, match="drop parts without weight"):
        Mixture({"a": sharp(), "b": smooth()}, {"a": 1.0, "b": 0.0})
