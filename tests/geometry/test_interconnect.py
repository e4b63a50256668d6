"""Wiring: every specimen could have been built from the bottom up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.interconnect import Interconnect
from sem3d.geometry.metal_patterns import random_lines, random_posts
from sem3d.specimen import VoxelBox

VOID, SI, OXIDE, CU, W = range(5)
BELOW = {
    VOID: {VOID, CU},
    SI: {SI},
    OXIDE: {OXIDE, CU, SI},
    CU: {CU, OXIDE, W, VOID},
    W: {W, SI},
}
"""What may lie below what. Copper never touches silicon from above and contacts end on it."""


def draw(count, **settings):
    geometry = Interconnect(**settings)
    return np.stack([geometry(np.random.default_rng([3, n])).labels for n in range(count)])


@pytest.fixture(scope="module")
def labels():
    return draw(400)


def test_columns_are_stacked_physically(labels):
    found = np.zeros((5, 5), bool)
    found[labels[:, :-1], labels[:, 1:]] = True
    assert {upper: set(np.flatnonzero(row)) for upper, row in enumerate(found)} == BELOW


def test_contacts_hang_on_copper(labels):
    above, here = labels[:, :-1], labels[:, 1:]
    assert {*np.unique(above[here == W])} == {CU, W}


def test_silicon_is_flat_and_at_the_bottom(labels):
    silicon = labels == SI
    assert (silicon == silicon[:, :, :1, :1]).all()
    assert silicon[:, -3:].all()


def test_voids_are_closed_by_copper(labels):
    void = labels == VOID
    assert not void[:, [0, -1]].any()
    for axis in (1, 2, 3):
        first, second = (np.moveaxis(labels, axis, 0)[cut] for cut in (slice(1, None), slice(-1)))
        assert {*np.unique(first[second == VOID])} <= {VOID, CU}
        assert {*np.unique(second[first == VOID])} <= {VOID, CU}


def test_documented_shares(labels):
    shares = np.bincount(labels.ravel(), minlength=5) / labels.size
    assert shares == pytest.approx([0.001, 0.333, 0.500, 0.158, 0.008], abs=0.01)
    assert (labels == VOID).any((1, 2, 3)).mean() == pytest.approx(0.3, abs=0.06)
    assert (labels == W).any((1, 2, 3)).all()
    assert (labels[:, 0] == CU).any((1, 2)).mean() == pytest.approx(1 / 3, abs=0.08)


def test_no_voids_on_demand():
    assert draw(30, void_share=0.0).min() == SI
    assert (draw(30, void_share=1.0) == VOID).any((1, 2, 3)).mean() > 0.9


def test_both_directions_are_as_frequent(labels):
    first = (labels == CU).any((2, 3)).argmax(1)  # first slice with upper lines
    top = labels[np.arange(len(labels)), first] == CU
    steps = [np.abs(np.diff(top.astype(int), axis=axis)).sum((1, 2)) for axis in (1, 2)]
    assert np.mean(steps[0] > steps[1]) == pytest.approx(0.5, abs=0.1)


def test_other_boxes():
    box = VoxelBox(("Si", "SiO2", "Cu", "W"), (32, 20, 28), sides="periodic", bottom="absorb")
    assert Interconnect(box=box)(np.random.default_rng(0)).labels.shape == (32, 20, 28)


@given(seed=st.integers(0, 2**32), shape=st.tuples(st.integers(12, 40), st.integers(12, 40)))
@settings(deadline=None, max_examples=60)
def test_posts_stand_on_metal_and_apart(seed, shape):
    rng = np.random.default_rng(seed)
    metal = random_lines(rng, shape, 0, (3, 6))
    assert metal.shape == shape
    posts = random_posts(rng, metal, 3, 6)
    assert not np.any(posts & ~metal)
    assert posts.sum() % 9 == 0
    assert posts.sum() <= 6 * 9


def test_lines_have_one_width_and_one_pitch(monkeypatch):
    monkeypatch.setattr("sem3d.geometry.metal_patterns.GAP_SHARE", 0.0)
    for seed in range(50):
        footprint = random_lines(np.random.default_rng(seed), (7, 60), 0, (3, 6))
        assert (footprint == footprint[0]).all()
        edges = np.flatnonzero(np.diff(footprint[0].astype(int)))
        runs = np.diff(edges)
        assert len({*runs[::2]}) == len({*runs[1::2]}) == 1
        assert set(runs) <= {3, 4, 5, 6}


def test_no_room_no_posts():
    narrow = np.zeros((20, 20), bool)
    narrow[:, 4:6] = True
    assert not random_posts(np.random.default_rng(0), narrow, 3, 6).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"box": VoxelBox(("Si", "Cu"), (24,) * 3)}, "'SiO2'"),
        ({"box": VoxelBox(("Si", "SiO2", "Cu", "W"), (21, 24, 24))}, "wiring needs"),
        ({"void_share": -0.1}, "void_share is -0.1"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Interconnect(**settings)
