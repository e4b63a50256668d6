import pytest
import torch

from sem3d.losses.cross_entropy_dice import CrossEntropyDice
from sem3d.losses.mse import MSE, WeightedMSE
from sem3d.losses.stacked import StackedMean

TRUTH = torch.zeros(2, 2, 3, 3)
STAGES = torch.stack([torch.full_like(TRUTH, v) for v in (3.0, 2.0, 1.0)])


def test_mean_over_stages():
    assert StackedMean(MSE())(STAGES, TRUTH).item() == pytest.approx((9 + 4 + 1) / 3)


def test_single_stage_is_the_inner_loss():
    inner = WeightedMSE([1.0, 0.1])
    assert StackedMean(inner)(STAGES[:1], TRUTH) == inner(STAGES[0], TRUTH)


def test_every_stage_learns():
    stages = STAGES.clone().requires_grad_()
    StackedMean(MSE())(stages, TRUTH).backward()
    by_stage = stages.grad.flatten(1).sum(1)
    torch.testing.assert_close(by_stage, torch.tensor([2.0, 4 / 3, 2 / 3]))


@pytest.mark.parametrize("inner", [MSE(), CrossEntropyDice()])
def test_target_is_that_of_the_inner_loss(inner):
    assert StackedMean(inner).target == inner.target


def test_stacked_volumes():
    logits = torch.randn(3, 2, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.ones(2, 2, 4, 4, dtype=torch.uint8)
    alone = torch.stack([CrossEntropyDice()(stage, labels) for stage in logits])
    torch.testing.assert_close(StackedMean(CrossEntropyDice())(logits, labels), alone.mean())
