import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from sem3d.errors import InputError
from sem3d.losses.cross_entropy_dice import CrossEntropyDice
from sem3d.losses.dice import dice_loss
from sem3d.losses.one_hot import one_hot


def random_case(seed, shape=(3, 2, 4, 5), classes=3):
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, shape, generator=random, dtype=torch.uint8)
    logits = 2 * torch.randn(shape[0], classes, *shape[1:], generator=random)
    return logits, labels


def slow_loss(logits, labels, weights, dice_weight):
    """The definition, voxel by voxel in Python floats."""
    total = 0.0
    for volume, truth in zip(logits.flatten(2).tolist(), labels.flatten(1).tolist(), strict=True):
        odds = [[math.exp(v) for v in voxel] for voxel in zip(*volume, strict=True)]
        p = [[o / sum(voxel) for o in voxel] for voxel in odds]
        entropy = -sum(weights[t] * math.log(q[t]) for q, t in zip(p, truth, strict=True))
        dice = []
        for c in set(truth) - {0}:
            overlap = sum(q[c] for q, t in zip(p, truth, strict=True) if t == c)
            dice.append(1 - 2 * overlap / (sum(q[c] for q in p) + truth.count(c)))
        total += entropy / len(truth) + dice_weight * sum(dice) / max(len(dice), 1)
    return total / len(logits)


@given(
    seed=st.integers(0, 999),
    weights=st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
    dice_weight=st.floats(0, 3),
)
def test_equals_the_definition(seed, weights, dice_weight):
    logits, labels = random_case(seed)
    labels[0][labels[0] == 1] = 0  # one volume lacks gold
    value = CrossEntropyDice(weights, dice_weight)(logits.double(), labels)
    assert value.item() == pytest.approx(slow_loss(logits, labels, weights, dice_weight), rel=1e-6)


def test_without_weights_and_dice_it_is_plain_cross_entropy():
    logits, labels = random_case(0)
    torch.testing.assert_close(
        CrossEntropyDice(dice_weight=0.0)(logits, labels),
        functional.cross_entropy(logits, labels.long()),
    )


def test_gradient_by_finite_differences():
    logits, labels = random_case(3, shape=(2, 1, 2, 3))
    labels[1] = 0
    loss = CrossEntropyDice([0.5, 2.0, 1.0])
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), logits.double().requires_grad_())


def test_float32_gradient_of_a_whole_volume_with_rare_gold():
    logits, labels = random_case(4, shape=(1, 16, 64, 64))
    labels[labels == 1] = 0
    labels[0, 15, :8, :20] = 1  # 0.2 % of the voxels
    slopes = []
    for precision in (torch.float32, torch.float64):
        x = logits.detach().to(precision).requires_grad_()
        CrossEntropyDice()(x, labels).backward()
        slopes.append(x.grad.double())
    error = (slopes[0] - slopes[1]).norm() / slopes[1].norm()
    assert error < 1e-5


def test_confident_truth_costs_nothing():
    _, labels = random_case(5)
    logits = 60 * one_hot(labels, torch.zeros(3, 3, 2, 4, 5))
    assert CrossEntropyDice([0.5, 2.0, 1.0])(logits, labels).item() == pytest.approx(0, abs=1e-6)


def test_no_material_means_no_dice_and_a_zero_finite_gradient():
    logits, labels = random_case(6)
    labels.zero_()
    probability = logits.softmax(1).requires_grad_()
    value = dice_loss(probability, one_hot(labels, logits))
    value.sum().backward()
    assert value.tolist() == [0, 0, 0]
    assert probability.grad.count_nonzero() == 0


def test_missing_material_is_left_to_the_cross_entropy():
    logits, labels = random_case(7)
    labels[labels == 1] = 2
    probability = logits.softmax(1).requires_grad_()
    dice_loss(probability, one_hot(labels, logits)).sum().backward()
    assert probability.grad[:, 1].count_nonzero() == 0
    assert probability.grad[:, 2].count_nonzero() == labels.numel()


def test_dice_of_a_class_does_not_depend_on_its_share():
    def half_right(voxels):
        truth = torch.zeros(1, 2, 1, 1, 100)
        truth[0, 1, ..., :voxels] = 1
        truth[0, 0] = 1 - truth[0, 1]
        return dice_loss(0.5 * truth, truth)

    torch.testing.assert_close(half_right(2), half_right(80))
    assert half_right(2).item() == pytest.approx(1 - 2 * 0.5 / 1.5)


def test_weights_must_match_the_classes():
    logits, labels = random_case(8)
    with pytest.raises(InputError, match=r"loss\.class_weights has 2 entries .* predicts 3"):
        CrossEntropyDice([1.0, 1.0])(logits, labels)


def test_weights_stay_out_of_checkpoints():
    assert not CrossEntropyDice([0.5, 2.0, 1.0]).state_dict()
