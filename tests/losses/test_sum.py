import pytest
import torch

from sem3d.errors import InputError
from sem3d.losses.cross_entropy_dice import CrossEntropyDice
from sem3d.losses.dice import Dice
from sem3d.losses.mse import MSE, WeightedMSE
from sem3d.losses.sum import Sum

TRUTH = torch.zeros(1, 2, 3, 3)
MAPS = torch.tensor([1.0, 2.0]).view(1, 2, 1, 1).expand(1, 2, 3, 3)


def test_weighted_sum_by_hand():
    # MSE (1 + 4) / 2, weighted MSE 1 * 1 + 0.1 * 4
    loss = Sum([MSE(), WeightedMSE([1.0, 0.1])], [2.0, 10.0])
    assert loss(MAPS, TRUTH).item() == pytest.approx(2 * 2.5 + 10 * 1.4)
    assert loss.target == "thickness_nm"
    assert not loss.state_dict()


def test_cross_entropy_plus_dice_is_such_a_sum():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 2, 4, 4, generator=random)
    labels = torch.randint(0, 3, (2, 2, 4, 4), generator=random, dtype=torch.uint8)
    ours = Sum([CrossEntropyDice(dice_weight=0.0), Dice()], [1.0, 0.7])(logits, labels)
    torch.testing.assert_close(ours, CrossEntropyDice(dice_weight=0.7)(logits, labels))


def test_sums_nest():
    inner = Sum([MSE()], [3.0])
    assert Sum([inner, MSE()], [1.0, 1.0])(MAPS, TRUTH).item() == 10.0


def test_terms_for_different_targets_are_refused():
    with pytest.raises(InputError, match=r"loss\.losses compare labels, thickness_nm; give"):
        Sum([MSE(), Dice()], [1.0, 1.0])


def test_no_terms_are_refused():
    with pytest.raises(InputError, match=r"loss\.losses compare nothing"):
        Sum([], [])


def test_one_weight_each():
    with pytest.raises(InputError, match=r"loss\.weights has 1 entries for 2 losses"):
        Sum([MSE(), MSE()], [1.0])
