"""Means, samples and depths of voxel specimens: what is left out; order changes nothing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sem3d.metrics.body_scores import NUMBERS, BodyScores, by_depth, by_sample
from sem3d.metrics.voxel_scores import VoxelScores

CLASSES = ("none", "Si", "Cu")
SHAPE = (4, 3, 3)


def random_batch(samples, seed):
    """Labels found and true (N, 4, 3, 3) and the probability of copper."""
    random = torch.Generator().manual_seed(seed)
    truth = torch.randint(1, 3, (samples, *SHAPE), generator=random, dtype=torch.uint8)
    probability = torch.rand(samples, *SHAPE, generator=random)
    return (probability > 0.5).to(torch.uint8) + 1, truth, probability


def scored(predicted, truth, probability=None):
    metric = BodyScores(CLASSES, (1.0, 1.0, 1.0), SHAPE[0])
    metric.update(torch.arange(len(truth)), predicted, truth, probability)
    return metric


def test_means_are_over_the_volumes_that_hold_copper():
    predicted, truth, probability = random_batch(3, 0)
    truth[1] = 1
    scores = scored(predicted, truth, probability).compute()
    kept = [0, 2]
    alone = scored(predicted[kept], truth[kept], probability[kept]).compute()
    assert scores == alone
    assert {"mre/Cu", "mre_probability/Cu", "oracle_iou/Cu", "missed/Cu"} <= scores.keys()
    assert "miou_materials" in scores


def test_without_copper_nothing_is_scored():
    predicted, truth, probability = random_batch(2, 0)
    metric = scored(predicted, torch.ones_like(truth), probability)
    assert metric.compute() == {}
    assert by_sample(metric.table())["iou"] == [None, None]


def test_without_probabilities_theirs_are_left_out():
    scores = scored(*random_batch(3, 1)[:2]).compute()
    assert "mre/Cu" in scores
    assert not any("oracle" in name or "probability" in name for name in scores)


def test_missing_the_copper_costs_iou_but_has_no_distance():
    predicted, truth, _ = random_batch(2, 2)
    predicted[0] = 1
    metric = scored(predicted, truth)
    samples = by_sample(metric.table())
    assert samples["iou"][0] == 0
    assert samples["depth_error_nm"][0] is samples["surface_distance_nm"][0] is None
    assert metric.compute()["missed/Cu"] == 0.5
    assert metric.compute()["depth_error_nm/Cu"] == samples["depth_error_nm"][1]


def test_iou_agrees_with_the_voxel_scores():
    predicted, truth, probability = random_batch(5, 3)
    voxels = VoxelScores(CLASSES)
    voxels.update(torch.arange(5), predicted, truth)
    rows = scored(predicted, truth, probability).table()
    mean = np.mean(by_sample(rows)["iou"])
    assert mean == pytest.approx(voxels.compute()["iou_present/Cu"], abs=1e-6)


def test_depths_are_pooled_over_samples():
    truth = torch.ones(2, *SHAPE, dtype=torch.uint8)
    truth[0, 1], truth[1, 1, 0] = 2, 2
    predicted = torch.ones_like(truth)
    predicted[0, 1, :2], predicted[1, 3] = 2, 2
    assert by_depth(scored(predicted, truth).table()) == [None, 6 / 12, None, 0]


@given(order=st.permutations(range(5)), size=st.integers(1, 5), repeated=st.integers(0, 4))
def test_order_batches_and_repeats_never_change_a_bit(order, size, repeated):
    predicted, truth, probability = random_batch(5, 4)
    truth[3] = 1
    metric = BodyScores(CLASSES, (1.0, 1.0, 1.0), SHAPE[0])
    for part in torch.tensor([*order, repeated]).split(size):
        metric.update(part, predicted[part], truth[part], probability[part])
    whole = scored(predicted, truth, probability)
    assert metric.compute() == whole.compute()
    assert by_sample(metric.table()) == by_sample(whole.table())


def test_samples_name_every_number_in_order_of_their_index():
    metric = BodyScores(CLASSES, (1.0, 1.0, 1.0), SHAPE[0])
    predicted, truth, _ = random_batch(2, 5)
    metric.update(torch.tensor([7, 2]), predicted, truth)
    samples = by_sample(metric.table())
    assert list(samples) == ["index", *NUMBERS]
    assert samples["index"] == [2, 7]
    known = (value for values in samples.values() for value in values if value is not None)
    assert all(math.isfinite(value) for value in known)
