import math

import pytest
import torch

from sem3d.models.cost import count_parameters
from sem3d.models.feed_forward import ConvFFN, pixel_ffn


def gelu(value):
    return value * 0.5 * (1 + math.erf(value / math.sqrt(2)))


def norm(value, layer, c):
    scale = layer.weight[c] / math.sqrt(layer.running_var[c] + layer.eps)
    return float((value - layer.running_mean[c]) * scale + layer.bias[c])


def loops(net, x):
    """ConvFFN of one image (C, Y, X), one number after the other."""
    channels, height, width = x.shape
    (expand, norm1, _), (depthwise, norm2, _), (contract, norm3) = net.widen, net.join, net.narrow
    wide = range(4 * channels)
    pixels = [(i, j) for i in range(height) for j in range(width)]
    h = {
        (c, i, j): gelu(norm(expand.weight[c, :, 0, 0] @ x[:, i, j] + expand.bias[c], norm1, c))
        for c in wide
        for i, j in pixels
    }
    joined = {}
    for c, i, j in h:
        total = float(depthwise.bias[c])
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                neighbour = h.get((c, i + down, j + right), 0.0)
                total += float(depthwise.weight[c, 0, 1 + down, 1 + right]) * neighbour
        joined[c, i, j] = h[c, i, j] + gelu(norm(total, norm2, c))
    out = torch.empty_like(x)
    for c in range(channels):
        for i, j in pixels:
            total = sum(float(contract.weight[c, k, 0, 0]) * joined[k, i, j] for k in wide)
            out[c, i, j] = norm(total + contract.bias[c], norm3, c)
    return out


@torch.no_grad()
def test_conv_ffn_by_loops():
    torch.manual_seed(0)
    net = ConvFFN(2).double().eval()
    for layer in (net.widen[1], net.join[1], net.narrow[1]):
        for values in (layer.weight, layer.bias, layer.running_mean):
            values.copy_(torch.randn_like(values))
        layer.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 3, 4, dtype=torch.float64)
    torch.testing.assert_close(net(x[None])[0], loops(net, x))


@pytest.mark.parametrize("channels", [6, 384])
def test_parameters_follow_the_formulas(channels):
    assert count_parameters(ConvFFN(channels)) == 8 * channels**2 + 63 * channels
    assert count_parameters(pixel_ffn(channels)) == 8 * channels**2 + 7 * channels


def test_only_conv_ffn_sees_the_neighbours():
    x, changed = torch.randn(1, 4, 7, 7), torch.zeros(1, 4, 7, 7)
    changed[:, 0, 3, 3] = 1
    for net, seen in ((ConvFFN(4), 9), (pixel_ffn(4), 1)):
        net.eval()
        assert (net(x + changed) != net(x)).any(1).sum() == seen
