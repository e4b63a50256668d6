import pytest
import torch
from torch import nn

from sem3d.errors import InputError
from sem3d.models.unet import UNet


def small(**arguments):
    return UNet(5, (2,), widths=(4, 6, 8, 10), **arguments)


def test_odd_field_equals_the_field_padded_by_hand():
    net, scan = small().eval(), torch.rand(2, 5, 33, 20)
    rows, columns = torch.arange(48).sub(7).clamp(0, 32), torch.arange(32).sub(6).clamp(0, 19)
    by_hand = net(scan[..., rows, :][..., columns])
    torch.testing.assert_close(net(scan), by_hand[..., 7:40, 6:26])


def test_all_convolutions_of_the_body_replicate_the_edge():
    convs = [m for m in small().body.modules() if type(m) is nn.Conv2d]
    assert len(convs) == 18
    assert {c.padding_mode for c in convs} == {"replicate"}


def test_dropout_drops_whole_channels_before_each_decoder_level():
    drops = [m for m in small(dropout=0.3).modules() if isinstance(m, nn.Dropout2d)]
    assert [d.p for d in drops] == [0.3] * 4


def test_widths_set_the_number_of_levels():
    assert UNet(5, (2,), widths=(4, 6)).multiple == 4
    assert small().multiple == 16


def test_voxel_channels_are_class_first():
    net = UNet(5, (3, 4), widths=(4, 6)).eval()
    net.head.weight.data.zero_()
    net.head.bias.data = torch.arange(12.0)
    assert net(torch.rand(1, 5, 8, 8))[0, :, :, 0, 0].tolist() == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
    ]


@pytest.mark.parametrize("widths", [(), (4, 0)])
def test_bad_widths_are_refused(widths):
    with pytest.raises(InputError, match=r"model\.widths"):
        UNet(5, (2,), widths=widths)
