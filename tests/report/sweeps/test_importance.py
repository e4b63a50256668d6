"""Variance of the scores by setting: exact on full grids, honest on grids with gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sem3d.report.sweeps.importance import Importance, importance


def grid(*axes):
    return np.meshgrid(*map(np.asarray, axes), indexing="ij")


def shares(found: Importance) -> list[float]:
    return [one.share for one in found.singles]


def test_a_sum_is_split_by_the_variances_of_its_terms():
    x, y, z = grid([0.0, 1, 2, 5], [0.0, 3], [1.0, 2, 9])
    found = importance(x + 2 * y - z**2)
    terms = np.array([np.var([0, 1, 2, 5]), np.var([0, 6]), np.var([1, 4, 81])])
    np.testing.assert_allclose(shares(found), terms / terms.sum())
    np.testing.assert_allclose([pair.share for pair in found.pairs], 0, atol=1e-12)
    assert found.rest == pytest.approx(0, abs=1e-12)
    assert (found.jobs, found.cells) == (24, 24)


def test_a_setting_without_influence_has_nothing():
    x, y, _ = grid([0.0, 1, 2], [0.0, 3], range(5))
    found = importance(x * y)
    assert found.singles[2].share == pytest.approx(0, abs=1e-15)
    assert [pair.share for pair in found.pairs[1:]] == pytest.approx([0, 0], abs=1e-12)


def test_a_pure_product_belongs_to_the_pair():
    x, y, _ = grid([-1.0, 1], [-2.0, 0, 2], [0, 1])
    found = importance(x * y)
    assert shares(found) == pytest.approx([0, 0, 0], abs=1e-15)
    assert {pair.settings: pair.share for pair in found.pairs} == pytest.approx(
        {(0, 1): 1, (0, 2): 0, (1, 2): 0}, abs=1e-12
    )


def test_a_product_of_three_is_left_over():
    x, y, z = grid([-1.0, 1], [-1.0, 1], [-1.0, 1])
    found = importance(x * y * z)
    assert found.rest == pytest.approx(1)


def test_values_by_hand():
    """Means of rows 1.5 and 4.5, of columns 2 and 4: variances 2.25, 1 and 0.25 of 3.5."""
    found = importance(np.array([[1.0, 2.0], [3.0, 6.0]]))
    assert shares(found) == pytest.approx([2.25 / 3.5, 1 / 3.5])
    assert found.pairs[0].share == pytest.approx(0.25 / 3.5)


def test_with_gaps_a_sum_is_still_explained_in_full():
    x, y = grid([0.0, 1, 2, 5], [0.0, 3, 4])
    scores = x + y
    scores[[0, 2, 3], [1, 0, 2]] = np.nan
    found = importance(scores)
    assert sum(shares(found)) == pytest.approx(1)
    assert found.rest == pytest.approx(0, abs=1e-12)
    assert (found.jobs, found.cells, found.pairs) == (9, 12, ())
    for one in found.singles:
        assert one.least - 1e-12 <= one.share <= one.largest + 1e-12
        assert one.largest > one.least


def test_gaps_that_leave_the_settings_independent_change_nothing():
    """Every value of one setting with every of the other: the exact split by another way."""
    x, y = grid([0.0, 1, 2], [0.0, 3, 7, 8])
    scores = x**2 + y + x * y
    whole = importance(scores[:, :3])
    gapped = scores.copy()
    gapped[:, 3] = np.nan
    found = importance(gapped)
    assert shares(found) == pytest.approx(shares(whole))
    assert found.rest == pytest.approx(whole.pairs[0].share)
    assert [one.least for one in found.singles] == pytest.approx(shares(whole))


def test_a_setting_run_at_one_value_has_nothing():
    scores = np.full((2, 3), np.nan)
    scores[0] = [1, 2, 4]
    assert shares(importance(scores)) == pytest.approx([0, 1])


def test_scatter_gives_what_chance_says():
    rng = np.random.default_rng(0)
    found = [importance(rng.normal(size=(4, 3, 5))) for _ in range(300)]
    for n, freedom in enumerate((3, 2, 4)):
        share = np.mean([one.singles[n].share for one in found])
        assert share == pytest.approx(freedom / 59, rel=0.15)
        assert np.mean([one.singles[n].chance for one in found]) == pytest.approx(share, rel=0.15)


def test_scatter_gives_what_chance_says_with_gaps():
    rng = np.random.default_rng(1)
    there = rng.random((4, 3, 5)) < 0.7
    found = [importance(np.where(there, rng.normal(size=there.shape), np.nan)) for _ in range(200)]
    for n in range(3):
        share = np.mean([one.singles[n].share for one in found])
        assert np.mean([one.singles[n].chance for one in found]) == pytest.approx(share, rel=0.2)


def test_without_degrees_of_freedom_chance_is_not_known():
    found = importance(np.array([[1.0, 2.0], [3.0, 6.0]]))
    assert found.pairs[0].chance is None
    assert found.singles[0].chance == pytest.approx(0.25 / 3.5)


@pytest.mark.parametrize(
    "scores",
    [np.full((2, 2), np.nan), np.full((3, 2), 0.7), np.array([[0.5, np.nan]]), np.zeros((2, 3))],
)
def test_nothing_to_split(scores):
    assert importance(scores) is None


def test_many_settings_with_gaps_are_refused():
    scores = np.arange(2.0**11).reshape([2] * 11)
    assert importance(scores) is not None
    scores[(0,) * 11] = np.nan
    assert importance(scores) is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_shares_are_parts_of_one(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    scores = data.draw(arrays(float, shape, elements=st.floats(-1, 1)))
    there = data.draw(arrays(bool, shape))
    for given_scores in (scores, np.where(there, scores, np.nan)):
        found = importance(given_scores)
        if found is None:
            continue
        every = [*found.singles, *found.pairs]
        assert all(-1e-9 <= one.share <= 1 + 1e-9 for one in every)
        assert sum(one.share for one in every) <= 1 + 1e-6
        assert 0 <= found.rest <= 1
