import pytest
import torch

from sem3d.models.blocks import Conv3d, InstanceNorm, conv_bn_relu, double_conv, doubling_conv


def reference(x):
    """Instance norm by its definition, in float64."""
    x = x.double()
    axes = tuple(range(2, x.dim()))
    mean, var = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt()


@pytest.mark.parametrize("field", [(7,), (5, 6), (2, 3, 4)])
def test_instance_norm_follows_its_definition(field):
    x = torch.rand(2, 3, *field) * 5 + 1
    torch.testing.assert_close(
        InstanceNorm(3, affine=False)(x), reference(x).float(), rtol=1e-4, atol=1e-4
    )


def test_instance_norm_scales_and_shifts_each_channel():
    norm, x = InstanceNorm(2), torch.rand(1, 2, 4, 4)
    norm.weight.data = torch.tensor([2.0, 3.0])
    norm.bias.data = torch.tensor([0.0, 7.0])
    y = norm(x)
    assert y.mean((0, 2, 3)).tolist() == pytest.approx([0, 7], abs=1e-5)
    assert y.std((0, 2, 3), unbiased=False).tolist() == pytest.approx([2, 3], rel=1e-3)


def test_instance_norm_of_bfloat16_is_exact_to_rounding():
    # The native bfloat16 kernel is off by 0.07 here: the mean 20 swallows the variance.
    x = (torch.randn(2, 3, 40, 40, generator=torch.Generator().manual_seed(0)) + 20).bfloat16()
    y = InstanceNorm(3, affine=False)(x)
    assert y.dtype == torch.bfloat16
    assert (y.double() - reference(x)).abs().max() < 0.01


def test_instance_norm_keeps_float64():
    x = torch.rand(1, 2, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(
        InstanceNorm(2, affine=False)(x), reference(x), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_conv_bn_relu_keeps_the_field_and_is_not_negative(kernel):
    y = conv_bn_relu(2, 4, kernel)(torch.randn(2, 2, 5, 7))
    assert y.shape == (2, 4, 5, 7)
    assert y.min() == 0
    assert y.max() > 0


def test_replicate_padding_keeps_a_constant_image_constant():
    image = torch.full((1, 2, 6, 6), 3.0)
    flat = double_conv(2, 3, 4, padding_mode="replicate").eval()(image)
    assert (flat - flat[..., :1, :1]).abs().max() < 1e-6


def test_convolutions_lose_their_bias_on_request():
    with_bias, without = (double_conv(2, 3, 4, bias=bias) for bias in (True, False))
    sizes = [sum(p.numel() for p in net.parameters()) for net in (with_bias, without)]
    assert sizes[0] - sizes[1] == 3 + 4


@pytest.mark.parametrize(("y", "x"), [(1, 1), (3, 5)])
def test_doubling_conv_doubles_the_field(y, x):
    assert doubling_conv(3)(torch.rand(1, 3, y, x)).shape == (1, 3, 2 * y, 2 * x)


def test_bfloat16_gradient_of_conv3d_is_whole() -> None:
    """Freed memory full of NaN must not show in the gradient."""
    for _ in range(20):
        poison = [torch.full((n,), float("nan")) for n in (100, 10_000, 200_000) for _ in range(10)]
        del poison
        conv = Conv3d(160, 40, 3, padding=1, bias=False)
        with torch.autocast("cpu", torch.bfloat16):
            conv(torch.rand(2, 160, 2, 6, 6)).sum().backward()
        assert conv.weight.grad is not None
        assert conv.weight.grad.isfinite().all()
