"""Terraces of a map: connected pixels of one state, and what they measure together."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def connected(states: Int64[Tensor, "Y X"]) -> Int64[Tensor, "Y X"]:
    """Number the connected areas of equal state from 0; straight neighbours connect.

    Every pixel points to the lowest pixel known to be in its area until nothing changes
    (Shiloach and Vishkin 1982): few rounds on any device.
    """
    index = torch.arange(states.numel(), device=states.device).reshape(states.shape)
    down, right = states[1:] == states[:-1], states[:, 1:] == states[:, :-1]
    one = torch.cat([index[1:][down], index[:, 1:][right]])
    other = torch.cat([index[:-1][down], index[:, :-1][right]])
    root = index.flatten()
    while True:
        lowest = torch.minimum(root[one], root[other])
        lower = root.clone()
        for pixel in (one, other):
            lower.scatter_reduce_(0, root[pixel], lowest, "amin")
        while not torch.equal(lower, lower[lower]):
            lower = lower[lower]
        if torch.equal(lower, root):
            return root.unique(return_inverse=True)[1].reshape(states.shape)
        root = lower


def sums(images: Float[Tensor, "K Y X"], area: Int64[Tensor, "Y X"]) -> Float[Tensor, "K R"]:
    """Return the sum of each image over each area, float64."""
    out = torch.zeros(len(images), int(area.max()) + 1, dtype=torch.float64, device=images.device)
    return out.index_add_(1, area.flatten(), images.flatten(1).double())
