"""Colours of scores."""

import numpy as np
import pytest

from sem3d.figures.sweeps.scale import scale_of


def test_the_scale_spans_the_scores():
    scale = scale_of(np.array([0.2, np.nan, 0.4, 0.3]), higher=True)
    assert (scale.low, scale.high, scale.cut, scale.extend) == (0.2, 0.4, False, "neither")
    assert scale.margins == pytest.approx((0.192, 0.408))


@pytest.mark.parametrize(("sign", "extend"), [(1, "min"), (-1, "max")])
def test_a_run_that_went_wrong_does_not_stretch_it(sign, extend):
    scores = sign * np.array([0.9, 0.85, 0.8, 0.8, 0.8, -50])
    scale = scale_of(scores, higher=sign > 0)
    assert sorted((abs(scale.low), abs(scale.high))) == pytest.approx([0.6, 0.9])
    assert (scale.cut, scale.extend) == (True, extend)
    assert float(scale.norm(sign * -50.0)) == (0 if sign > 0 else 1)


@pytest.mark.parametrize("higher", [True, False])
def test_good_is_dark_and_told_by_white_text(higher):
    scale = scale_of(np.array([0.0, 1.0]), higher)
    good, bad = (1.0, 0.0) if higher else (0.0, 1.0)
    light = {score: sum(scale.colours(scale.norm(score))[:3]) for score in (good, bad)}
    assert light[good] < 0.6 < 1.5 < light[bad]
    assert scale.is_dark(good)
    assert not scale.is_dark(bad)


@pytest.mark.parametrize("scores", [[], [np.nan], [0.5, 0.5], [0.0], [-3.0]])
def test_a_scale_always_has_a_length(scores):
    scale = scale_of(np.array(scores, float), higher=True)
    assert scale.low < scale.high
    assert all(scale.low <= score <= scale.high for score in scores if np.isfinite(score))


def test_a_single_score_stands_in_the_middle():
    scale = scale_of(np.array([0.6]), higher=True)
    assert (scale.low, scale.high) == pytest.approx((0.54, 0.66))


def test_a_best_score_that_most_share_shows_the_others():
    scale = scale_of(np.array([0.9, 0.9, 0.9, 0.5]), higher=True)
    assert (scale.low, scale.high) == (0.5, 0.9)
