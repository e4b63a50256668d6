import pytest
import torch
from torch import nn

from sem3d.errors import InputError
from sem3d.models.resunet import Residual, ResUNet


@pytest.mark.parametrize(
    ("inputs", "outputs", "stride", "convs"), [(4, 4, 1, 2), (3, 4, 1, 3), (4, 4, 2, 3)]
)
def test_shortcut_is_a_convolution_only_where_shapes_differ(inputs, outputs, stride, convs):
    block = Residual(inputs, outputs, stride)
    assert sum(isinstance(m, nn.Conv2d) for m in block.modules()) == convs
    assert block(torch.rand(2, inputs, 8, 6)).shape == (2, outputs, 8 // stride, 6 // stride)


def test_block_without_residual_weights_is_its_shortcut():
    block = Residual(4, 4, stride=1)
    nn.init.zeros_(block.convs[-1].weight)
    x = torch.randn(2, 4, 5, 5)
    torch.testing.assert_close(block(x), nn.functional.leaky_relu(x, 0.01))


def test_convolutions_before_a_norm_have_no_bias():
    net = ResUNet(5, (2,), widths=(4, 6, 8))
    biased = [m for m in net.modules() if getattr(m, "bias", None) is not None]
    assert [m for m in biased if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)] == [net.head]


def test_contrast_of_a_scan_does_not_matter_after_the_first_norm():
    first, scan = Residual(1, 4, stride=1).convs[:2], torch.rand(1, 1, 20, 20)
    torch.testing.assert_close(first(scan), first(7 * scan), rtol=1e-2, atol=1e-3)


def test_training_works_on_fields_smaller_than_one_coarse_pixel():
    net = ResUNet(5, (2,), widths=(4, 6, 8, 10)).train()
    assert net(torch.rand(1, 5, 1, 1)).isfinite().all()


def test_single_level_network_keeps_any_field():
    assert ResUNet(5, (2, 3), widths=(4,))(torch.rand(1, 5, 3, 7)).shape == (1, 2, 3, 3, 7)


def test_no_widths_are_refused():
    with pytest.raises(InputError, match=r"model\.widths"):
        ResUNet(5, (2,), widths=())
