"""Numbers of one volume, worked out by hand."""

import math

import pytest
import torch

from sem3d.metrics.body import THRESHOLDS, between, body_numbers, mean_depth

ONE = (1.0, 1.0, 1.0)


def film(*boxes, label=2):
    """Silicon (6, 6, 6) with blocks of another label, each ((z, y, x), (z, y, x))."""
    labels = torch.ones(6, 6, 6, dtype=torch.uint8)
    for low, high in boxes:
        labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = label
    return labels


CUBE = film(((0, 0, 0), (2, 2, 2)))
LAYER_MORE = film(((0, 0, 0), (3, 2, 2)))


def test_a_layer_too_many():
    numbers = body_numbers(LAYER_MORE, CUBE, 2, (2.0, 1.0, 1.0))
    assert numbers["iou"] == 8 / 12
    assert numbers["mre"] == 4 / 8
    assert numbers["depth_error_nm"] == pytest.approx(0.5 * 2.0)
    assert numbers["miou_materials"] == pytest.approx((8 / 12 + 204 / 208) / 2)
    assert numbers["filled"] == 8 / 216
    assert numbers["missed"] == 0
    assert "oracle_iou" not in numbers
    assert "gap_free" not in numbers


def test_nothing_found():
    numbers = body_numbers(film(), CUBE, 2, ONE)
    assert (numbers["iou"], numbers["mre"], numbers["missed"]) == (0, 1, 1)
    assert math.isnan(numbers["depth_error_nm"])
    assert math.isnan(numbers["surface_distance_nm"])


def test_the_truth_has_no_error():
    numbers = body_numbers(CUBE, CUBE, 2, ONE, (CUBE == 2).float())
    perfect = {"iou": 1, "miou_materials": 1, "oracle_iou": 1, "oracle_threshold": 0.5}
    none = dict.fromkeys(("mre", "mre_probability", "depth_error_nm", "surface_distance_nm"), 0)
    assert numbers.items() >= (perfect | none).items()


def test_materials_beside_vacuum():
    vacuum = film(((0, 0, 0), (2, 2, 2)), label=0)
    vacuum[5] = 2
    wrong = vacuum.clone()
    wrong[0, 0, 0] = 1  # silicon in the vacuum: counts against silicon only
    assert body_numbers(wrong, vacuum, 2, ONE)["miou_materials"] == (1 + 172 / 173) / 2


def test_probabilities_by_hand():
    probability = torch.where(LAYER_MORE == 2, 0.75, 0.0)
    probability[0] = torch.where(CUBE[0] == 2, 1.0, 0.0)
    numbers = body_numbers(LAYER_MORE, CUBE, 2, ONE, probability)
    assert numbers["mre_probability"] == pytest.approx((4 * 0.25 + 4 * 0.75) / 8)
    # above 0.5 to 0.7 the third slice is too many, above 0.8 the second is lost
    assert numbers["oracle_iou"] == 8 / 12
    assert numbers["oracle_threshold"] == 0.5


def test_the_oracle_takes_the_lowest_of_the_best_thresholds():
    probability = torch.where(CUBE == 2, 0.95, 0.0)
    probability[5] = 0.65
    numbers = body_numbers(CUBE, CUBE, 2, ONE, probability)
    assert (numbers["oracle_iou"], numbers["oracle_threshold"]) == (1, 0.7)
    assert numbers["oracle_threshold"] in THRESHOLDS


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gap_lies_between_two_bodies(axis):
    low, high = [2, 2, 2], [4, 4, 4]
    ends = []
    for start in (0, 4):
        low[axis], high[axis] = start, start + 2
        ends.append((tuple(low), tuple(high)))
    pair = film(*ends)
    gap = between(pair == 2)
    assert gap.sum() == 2 * 2 * 2
    assert not (gap & (pair == 2)).any()
    half = pair.clone()
    half[(gap.nonzero()[:4]).unbind(1)] = 2
    assert body_numbers(half, pair, 2, ONE)["gap_free"] == 0.5


def test_convex_bodies_have_no_gap():
    assert not between(CUBE == 2).any()
    assert not between(torch.zeros(3, 3, 3, dtype=torch.bool)).any()


def test_depth_of_a_centroid():
    assert mean_depth(LAYER_MORE == 2) == 1
