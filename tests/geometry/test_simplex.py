"""The serial loop against the library, in this process and in a forked one."""

import multiprocessing

import numpy as np
import pytest
from opensimplex import OpenSimplex

from sem3d.geometry.simplex import OpenSimplexField


def library_field(seed, frequency, amplitude, shape):
    rng = np.random.default_rng(seed)
    (y0, x0), key = rng.uniform(0, 256, 2), int(rng.integers(2**63))
    y = y0 + frequency * np.arange(shape[0]) / shape[0]
    x = x0 + frequency * np.arange(shape[1]) / shape[1]
    return amplitude * OpenSimplex(key).noise2array(x, y)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_library(seed):
    field = OpenSimplexField(3.0, 0.7)(np.random.default_rng(seed), (40, 24))
    np.testing.assert_array_equal(field, library_field(seed, 3.0, 0.7, (40, 24)))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_worker_draws_the_same_bytes():
    field, shape = OpenSimplexField(), (32, 32)
    library_field(0, 2.0, 0.5, shape)  # starts the thread pool that a child must not touch
    here = [field(np.random.default_rng(n), shape) for n in range(4)]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        there = pool.starmap(field, [(np.random.default_rng(n), shape) for n in range(4)])
    np.testing.assert_array_equal(here, there)


def test_distribution():
    fields = np.stack([OpenSimplexField()(np.random.default_rng(n), (32, 32)) for n in range(400)])
    variance = fields.var(axis=(1, 2), mean=0.0)
    assert variance.mean() == pytest.approx(0.185**2, abs=4 * variance.std() / 20)
    assert np.median(fields.max(axis=(1, 2))) == pytest.approx(0.34, abs=0.01)
    assert fields.std(axis=0).min() > 0.1  # no pixel is always at a lattice point
