"""Spatial-shift MLP blocks with split attention (T. Yu et al., arXiv 2108.01072), channels last."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class S2Block(nn.Module):
    """Mix pixels by shifts, then channels by an MLP, each beside a shortcut; 14 c^2 + 12 c weights.

    Args:
        channels: number c of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.LayerNorm(channels), ShiftMix(channels))
        self.mlp = mlp(channels, ratio=3)

    def forward(self, x: Float[Tensor, "B Y X C"]) -> Float[Tensor, "B Y X C"]:
        """Return (B, Y, X, C)."""
        x = x + self.mix(x)
        return x + self.mlp(x)


class ShiftMix(nn.Module):
    """Three copies of the features, two of them shifted, joined by split attention.

    Args:
        channels: number c of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.triple = nn.Linear(channels, 3 * channels)
        self.attention = SplitAttention(channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Float[Tensor, "B Y X C"]) -> Float[Tensor, "B Y X C"]:
        """Return (B, Y, X, C)."""
        first, second, third = self.triple(x).chunk(3, dim=-1)
        parts = [shift_groups(first, (1, 2)), shift_groups(second, (2, 1)), third]
        return self.out(self.attention(torch.stack(parts, 1)))


class SplitAttention(nn.Module):
    """Weigh K = 3 parts per channel by what all pixels of all parts hold.

    Args:
        channels: number c of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(channels, channels, bias=False),
            nn.GELU(),
            nn.Linear(channels, 3 * channels, bias=False),
            nn.Unflatten(1, (3, channels)),
            nn.Softmax(dim=1),
        )

    def forward(self, parts: Float[Tensor, "B 3 Y X C"]) -> Float[Tensor, "B Y X C"]:
        """Return the weighted sum of `parts`; the sum over pixels is in float32 at least."""
        wide = torch.promote_types(parts.dtype, torch.float32)
        weights = self.weigh(parts.sum((1, 2, 3), dtype=wide))
        return (parts * weights[:, :, None, None].to(parts)).sum(1)


def shift_groups(x: Float[Tensor, "B Y X C"], axes: tuple[int, int]) -> Float[Tensor, "B Y X C"]:
    """Shift four groups of channels by +1, -1 along ``axes[0]`` and +1, -1 along ``axes[1]``."""
    groups = x.tensor_split(4, dim=-1)
    moves = [(axes[0], 1), (axes[0], -1), (axes[1], 1), (axes[1], -1)]
    return torch.cat([shift(g, *move) for g, move in zip(groups, moves, strict=True)], dim=-1)


def shift(x: Float[Tensor, "B Y X C"], axis: int, step: int) -> Float[Tensor, "B Y X C"]:
    """Return `x` moved by one pixel; the edge left behind keeps its value, nothing wraps.

    Rows 0 1 2 3 4 become 0 0 1 2 3 by `step` 1 and 1 2 3 4 4 by `step` -1. The result is a copy: an
    assignment of overlapping slices would smear the first row over all (0 0 0 0 0).
    """
    last = x.shape[axis] - 1
    if step > 0:
        return torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, last)], axis)
    return torch.cat([x.narrow(axis, 1, last), x.narrow(axis, last, 1)], axis)


class ChannelsLast(nn.Sequential):
    """Modules on (B, Y, X, C), applied to (B, C, Y, X).

    The result lies in memory with channels last, the order that convolutions after it run best in.
    """

    def forward(self, x: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B F Y X"]:
        """Return (B, F, Y, X)."""
        return super().forward(x.movedim(1, -1).contiguous()).movedim(-1, 1)


def mlp(channels: int, ratio: int) -> nn.Sequential:
    """Return layer norm and a two-layer MLP: (..., channels) -> (..., channels)."""
    inner = ratio * channels
    layers = (nn.Linear(channels, inner), nn.GELU(), nn.Linear(inner, channels))
    return nn.Sequential(nn.LayerNorm(channels), *layers)
