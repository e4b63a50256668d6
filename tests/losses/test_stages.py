import copy

import pytest
import torch

from sem3d.errors import InputError
from sem3d.losses.dice import Dice
from sem3d.losses.mse import MSE, WeightedMSE
from sem3d.losses.stages import Stages

TRUTH, MAPS = torch.zeros(1, 2, 3, 3), torch.ones(1, 2, 3, 3)
THREE = [MSE(), WeightedMSE([5.0, 5.0]), WeightedMSE([50.0, 50.0])]


def test_stages_begin_exactly_at_their_epochs():
    loss = Stages(THREE, [200, 210])
    seen = {}
    for epoch in (0, 1, 199, 200, 209, 210, 10**6):
        loss.at_epoch(epoch)
        seen[epoch] = (loss.stage, loss(MAPS, TRUTH).item())
    first, second, third = (0, 1.0), (1, 10.0), (2, 100.0)
    assert seen == {
        0: first, 1: first, 199: first, 200: second, 209: second, 210: third, 10**6: third,
    }  # fmt: skip


def test_the_stage_follows_from_the_epoch_alone():
    loss = Stages(THREE, [200, 210])
    loss.at_epoch(205)
    assert not loss.state_dict()
    loss.at_epoch(3)
    assert loss.stage == 0
    resumed = Stages(copy.deepcopy(THREE), [200, 210])
    resumed.at_epoch(205)
    assert resumed.stage == 1


def test_the_first_stage_holds_until_told():
    assert Stages(THREE, [1, 2]).stage == 0
    assert Stages([Dice()], []).target == "labels"


@pytest.mark.parametrize("epochs", [[], [1], [1, 2, 3]])
def test_one_epoch_for_every_loss_but_the_first(epochs):
    with pytest.raises(InputError, match=rf"loss\.epochs has {len(epochs)} entries for 3 losses"):
        Stages(THREE, epochs)


@pytest.mark.parametrize("epochs", [[0, 1], [5, 5], [6, 5], [-1, 5]])
def test_epochs_must_rise(epochs):
    with pytest.raises(InputError, match=r"loss\.epochs is .*; give rising epochs above 0"):
        Stages(THREE, epochs)


def test_stages_of_different_targets_are_refused():
    with pytest.raises(InputError, match=r"loss\.losses compare labels, thickness_nm"):
        Stages([MSE(), Dice()], [1])
