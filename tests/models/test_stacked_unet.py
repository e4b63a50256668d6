import pytest
import torch
from torch import nn

from sem3d.errors import InputError
from sem3d.models.cost import count_macs, count_parameters
from sem3d.models.stacked_unet import StackedUNet, squash


def small(outputs=(2,), **arguments):
    return StackedUNet(5, outputs, widths=(4, 6, 8), **arguments)


@pytest.mark.parametrize("outputs", [(2,), (3, 4)])
def test_last_stage_is_the_result(outputs):
    net, scan = small(outputs).eval(), torch.rand(2, 5, 9, 11)
    stages = net.stages(scan)
    assert stages.shape == (3, 2, *outputs, 9, 11)
    assert torch.equal(stages[-1], net(scan))


def test_next_stage_sees_scan_features_and_feedback():
    net, scan = small(stacks=2).eval(), torch.rand(1, 5, 8, 8)
    features = net.units[0](scan)
    fed_back = net.feedbacks[0](net.heads[0](features).sigmoid())
    by_hand = net.heads[1](net.units[1](scan + features + fed_back))
    torch.testing.assert_close(net(scan), by_hand)


def test_squash_yields_probabilities():
    classes = squash(torch.randn(2, 3, 4, 5, 5))
    assert classes.sum(dim=1) == pytest.approx(torch.ones(2, 4, 5, 5))
    assert squash(torch.zeros(1, 2, 3, 3)).unique().tolist() == [0.5]


def test_one_stage_needs_no_feedback():
    net = small(stacks=1)
    assert len(net.feedbacks) == 0
    assert net.stages(torch.rand(2, 5, 8, 8)).shape == (1, 2, 2, 8, 8)


def test_early_stages_alone_train_their_own_unit():
    net = small()
    net.stages(torch.rand(2, 5, 8, 8))[0].sum().backward()
    assert all(p.grad is not None for p in net.units[0].parameters())
    assert not any(p.grad.any() for p in net.units[1].parameters())


def test_published_unit_and_unused_feedback():
    with torch.device("meta"):
        net, unused = StackedUNet(31, (2,)), nn.Conv2d(2, 31, 1)
    unit = net.units[0]
    assert count_parameters(unit) == 25_066_527
    assert count_macs(unit, 31, (128, 128)) == pytest.approx(14.97e9, rel=0.01)
    assert count_parameters(net) + count_parameters(unused) == 75_200_052


def test_dropout_is_element_wise():
    drops = [m for m in small(stacks=1).modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    assert [type(d) for d in drops] == [nn.Dropout] * 2


def test_no_stage_is_refused():
    with pytest.raises(InputError, match=r"model\.stacks"):
        small(stacks=0)
