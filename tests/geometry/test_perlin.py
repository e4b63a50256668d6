"""The fast field against a corner-by-corner one, and its distribution."""

import math

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.perlin import PerlinField

FIELDS = 400


@pytest.fixture(scope="module")
def fields():
    return np.stack(
        [PerlinField()(np.random.default_rng([1, n]), (128, 128)) for n in range(FIELDS)]
    )


def slow_value(gradients, y, x):
    """Perlin noise at one point, written as the four-corner blend."""

    def fade(t):
        return 6 * t**5 - 15 * t**4 + 10 * t**3

    def corner(j, i):
        return gradients[0][j, i] * (y - j) + gradients[1][j, i] * (x - i)

    j, i = math.floor(y), math.floor(x)
    t, u = fade(y - j), fade(x - i)
    top = (1 - u) * corner(j, i) + u * corner(j, i + 1)
    bottom = (1 - u) * corner(j + 1, i) + u * corner(j + 1, i + 1)
    return (1 - t) * top + t * bottom


@pytest.mark.parametrize(("cells", "shape"), [(1, (7, 5)), (2, (16, 16)), (3, (10, 17))])
def test_equals_the_four_corner_blend(cells, shape):
    field = PerlinField(cells)(np.random.default_rng(3), shape)
    gradients = np.random.default_rng(3).uniform(-1, 1, (2, cells + 1, cells + 1))
    slow = [
        [slow_value(gradients, cells * i / shape[0], cells * j / shape[1]) for j in range(shape[1])]
        for i in range(shape[0])
    ]
    np.testing.assert_allclose(field, slow, atol=1e-12)


def test_is_zero_at_the_nodes_and_starts_with_the_node_gradient():
    field = PerlinField(2)(np.random.default_rng(0), (1000, 1000))
    assert np.all(field[::500, ::500] == 0)
    gradient_y, gradient_x = np.random.default_rng(0).uniform(-1, 1, (2, 3, 3))
    assert field[1, 0] / 0.002 == pytest.approx(gradient_y[0, 0], abs=1e-3)
    assert field[500, 501] / 0.002 == pytest.approx(gradient_x[1, 1], abs=1e-3)


def test_standard_deviation(fields):
    variance = fields.var(axis=(1, 2), mean=0.0)  # around the known mean 0
    error = variance.std() / math.sqrt(FIELDS)
    assert variance.mean() == pytest.approx(0.176**2, abs=4 * error)


@pytest.mark.parametrize(("share", "value"), [(0.05, 0.231), (0.5, 0.377), (0.95, 0.531)])
def test_quantiles_of_the_maximum(fields, share, value):
    below = np.mean(fields.max(axis=(1, 2)) < value)
    assert below == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / FIELDS))


def test_mean_is_zero_everywhere(fields):
    error = fields.std(axis=0) / math.sqrt(FIELDS)
    assert np.all(np.abs(fields.mean(axis=0)) <= 5.5 * error)


def test_needs_a_cell():
    with pytest.raises(InputError, match="cells is 0"):
        PerlinField(0)
