"""Scores over fewer settings."""

import numpy as np
import pytest

from sem3d.figures.sweeps.axes import Axis
from sem3d.figures.sweeps.scores import Scores


def axis(name, size):
    places = tuple(np.linspace(0, 1, size))
    return Axis(name, tuple(map(str, range(size))), places, True)


@pytest.fixture
def scores():
    """(2, 3, 2): a gap, a job that was lost, a partial one that is the best of its place."""
    score = np.arange(12.0).reshape(2, 3, 2)
    score[0, 0] = np.nan
    lost, partial = np.zeros(score.shape, bool), np.zeros(score.shape, bool)
    lost[0, 0, 1] = partial[1, 2, 1] = partial[0, 1, 0] = True
    return Scores((axis("a", 2), axis("b", 3), axis("c", 2)), score, lost, partial)


def test_best_over_a_setting(scores):
    best = scores.best((0, 1), higher=True)
    np.testing.assert_array_equal(best.score, [[np.nan, 3, 5], [7, 9, 11]])
    assert best.partial[1].tolist() == [False, False, True]
    assert not best.partial[0, 1]
    assert best.lost.tolist() == [[True, False, False], [False] * 3]
    assert [a.name for a in best.axes] == ["a", "b"]


def test_lowest_is_best_for_losses(scores):
    best = scores.best((1,), higher=False)
    np.testing.assert_array_equal(best.score, [6, 2, 4])
    assert best.partial.tolist() == [False, True, False]


def test_mean_is_of_what_there_is(scores):
    mean = scores.mean((1,))
    np.testing.assert_array_equal(mean.score, [6.5, 5.5, 7.5])
    assert mean.partial.tolist() == [False, True, True]
    np.testing.assert_array_equal(scores.mean((0, 1)).score[0], [np.nan, 2.5, 4.5])


def test_keeping_all_settings_changes_nothing(scores):
    for same in (scores.best((0, 1, 2), higher=True), scores.mean((0, 1, 2))):
        np.testing.assert_array_equal(same.score, scores.score)
        np.testing.assert_array_equal(same.lost, scores.lost)


def test_one_value_and_turning(scores):
    at = scores.at(1, 2)
    np.testing.assert_array_equal(at.score, [[4, 5], [10, 11]])
    assert [a.name for a in at.turned().axes] == ["c", "a"]
    np.testing.assert_array_equal(at.turned().score, at.score.T)
    upright = scores.at(0, 1)
    assert upright.score.shape == (3, 2)
    assert upright.lying().score.shape == (2, 3)
    assert upright.lying().lying() is not upright
    assert at.lying() is at
