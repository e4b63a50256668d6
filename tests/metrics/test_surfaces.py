"""Surfaces and distances of bodies on a grid, against counting by hand and all pairs."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.metrics.surfaces import distance, surface, surface_distance

ONE = (1.0, 1.0, 1.0)


def block(low, high, shape=(8, 8, 8)):
    body = torch.zeros(shape, dtype=torch.bool)
    body[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return body


def random_body(seed, share=0.3):
    random = torch.Generator().manual_seed(seed)
    return torch.rand(4, 5, 3, generator=random) < share


def slow_surface(body):
    places = set()
    inside = {tuple(p) for p in body.nonzero().tolist()}
    for place in inside:
        for axis, step in itertools.product(range(3), (-1, 1)):
            other = list(place)
            other[axis] += step
            if 0 <= other[axis] < body.shape[axis] and tuple(other) not in inside:
                places.add(place)
    return places


def slow_distance(found, true, size):
    ours, theirs = (np.array(sorted(slow_surface(b))).reshape(-1, 3) * size for b in (found, true))
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    return np.concatenate([apart.min(1), apart.min(0)]).mean()


@given(seed=st.integers(0, 500))
def test_surface_is_what_touches_the_rest(seed):
    body = random_body(seed, 0.7)
    assert {tuple(p) for p in surface(body).nonzero().tolist()} == slow_surface(body)


def test_surface_of_a_cube_is_its_shell():
    assert surface(block((1, 1, 1), (6, 6, 6))).sum() == 5**3 - 3**3


def test_walls_are_no_surface():
    slab = block((0, 0, 0), (3, 8, 8))
    assert surface(slab).nonzero()[:, 0].unique().tolist() == [2]
    assert not surface(torch.ones(3, 3, 3, dtype=torch.bool)).any()


@given(first=st.integers(0, 300), second=st.integers(0, 300), dz=st.sampled_from([1.0, 2.5]))
def test_distance_is_that_of_all_pairs(first, second, dz):
    found, true, size = random_body(first), random_body(second), (dz, 1.0, 0.5)
    if slow_surface(found) and slow_surface(true):
        assert surface_distance(found, true, size) == pytest.approx(
            slow_distance(found, true, size), abs=1e-5
        )


def test_one_layer_more_is_one_voxel_apart():
    true = block((0, 0, 0), (3, 8, 8))
    assert surface_distance(block((0, 0, 0), (4, 8, 8)), true, (2.0, 1.0, 1.0)) == 2.0
    assert surface_distance(true, true, ONE) == 0


def test_it_is_symmetric():
    found, true = random_body(1), random_body(2)
    assert surface_distance(found, true, ONE) == surface_distance(true, found, ONE)


def test_no_surface_has_no_distance():
    body = block((1, 1, 1), (3, 3, 3))
    for other in (torch.zeros_like(body), torch.ones_like(body)):
        assert math.isnan(surface_distance(other, body, ONE))
        assert math.isnan(surface_distance(body, other, ONE))


def test_distance_to_nothing_is_infinite():
    assert distance(torch.zeros(2, 2, 2, dtype=torch.bool), ONE).isinf().all()
