"""What every geometry with independent layers promises."""

from dataclasses import dataclass

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.layers import IndependentLayers, Layer
from sem3d.specimen import LayerStack


@dataclass(frozen=True, kw_only=True)
class Even(IndependentLayers[Layer]):
    """Uniform thickness in every pixel."""

    def draw(self, rng, layer):
        return rng.integers(0, layer.limit_nm, self.shape, endpoint=True)


def thickness(*layers, seed=0, **settings):
    return Even(layers=layers, shape=(20, 30), **settings)(np.random.default_rng(seed)).thickness_nm


AU, AL, W = Layer("Au", 15), Layer("Al", 150), Layer("W", 300)


def test_stack_repeats_the_layers():
    geometry = Even(layers=[AU, AL], substrate="C", height_nm=5.0, slices=33)
    assert geometry.stack == LayerStack(("Au", "Al"), (15, 150), "C", 5.0, 33)
    assert geometry.shape == (128, 128)


def test_bytes_where_every_limit_fits():
    assert thickness(AU, AL).dtype == np.uint8
    assert thickness(AU, Layer("Al", 255)).dtype == np.uint8
    assert thickness(AU, Layer("Al", 256)).dtype == np.uint16
    assert thickness(W).max() > 255


def test_a_layer_depends_on_its_place_alone():
    au, al = thickness(AU, AL)
    np.testing.assert_array_equal(au, thickness(AU, AL, W)[0])
    np.testing.assert_array_equal(al, thickness(Layer("Ti", 3), AL, W)[1])


def test_layers_of_one_material_differ():
    first, second = thickness(AL, AL)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(600)


def test_one_generator_gives_a_new_specimen_each_time():
    geometry, rng = Even(layers=(AU, AL), shape=(8, 8)), np.random.default_rng(0)
    first, second = geometry(rng), geometry(rng)
    assert not np.array_equal(first.thickness_nm, second.thickness_nm)


@pytest.mark.parametrize("shape", [(), (4,), (4, 4, 4), (0, 4)])
def test_bad_shape(shape):
    with pytest.raises(InputError, match="rows, columns"):
        Even(layers=(AU,), shape=shape)


def test_no_layers():
    with pytest.raises(InputError, match="one limit per layer"):
        Even(layers=())
