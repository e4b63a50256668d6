"""Mean field: every pixel weighs its own signal against what its neighbours believe.

A pixel's belief is a probability for each of a list of states. A sweep renews all beliefs at once:
log-belief = log-likelihood + log-prior + coupling * neighbours that share a part. Parts are what
neighbours may have in common: the whole state, or the thickness of a single layer.
Source: Geiger and Girosi 1991, mean fields of images.
"""

from collections.abc import Iterator
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.solvers.search import EXACT_BELOW, layer_sets

DIAGONAL: Final = 0.7
"""Weight of a diagonal neighbour, about 1 / distance; a straight one has 1."""
BLOCK: Final = 1 << 22
"""Beliefs held at a time on a CPU: they should stay in the cache."""
BLOCK_CUDA: Final = 1 << 27


class MeanField:
    """Beliefs about one field of view.

    Args:
        components: (K, Y, X) stabilised scan in signal space.
        states: (K, S) the states in the same space.
        level: noise of the components.
        parts: (S, C) 1 where a state has a part; None: every state is its own and only part.
    """

    def __init__(
        self,
        components: Float[Tensor, "K Y X"],
        states: Float[Tensor, "K S"],
        level: float,
        parts: Float[Tensor, "S C"] | None = None,
    ) -> None:
        dtype = torch.float64 if level < EXACT_BELOW else torch.float32
        scaled = states.double() / level
        self.signal = components.to(dtype) / level
        self.states = scaled.T.to(dtype)
        self.bias = -0.5 * scaled.square().sum(0)
        self.parts = None if parts is None else parts.float()

    def sweep(
        self, belief: Float[Tensor, "C Y X"], log_prior: Float[Tensor, " S"], coupling: float
    ) -> Float[Tensor, "C Y X"]:
        """Return the renewed probability of each part in each pixel.

        Args:
            belief: probability of each part.
            log_prior: of each state.
            coupling: log-belief gained per straight neighbour that shares a part.
        """
        bands = self._beliefs(belief, log_prior, coupling)
        renewed = [q if self.parts is None else self.parts.T @ q for q in bands]
        return torch.cat(renewed, 1).unflatten(1, self.signal.shape[1:])

    def estimate(
        self,
        belief: Float[Tensor, "C Y X"],
        log_prior: Float[Tensor, " S"],
        coupling: float,
        thickness_nm: Float[Tensor, "L S"],
    ) -> tuple[Float[Tensor, "L Y X"], Float[Tensor, "L Y X"], Float[Tensor, "Y X"]]:
        """Sweep once more; return thickness, expected rms error and ambiguity as in `Estimate`."""
        bands = self._beliefs(belief, log_prior, coupling)
        found = [_moments(q, thickness_nm.to(q)) for q in bands]
        whole = (torch.cat(part, -1) for part in zip(*found, strict=True))
        thickness, deviation, ambiguity = (p.unflatten(-1, self.signal.shape[1:]) for p in whole)
        return thickness, deviation, ambiguity

    def _beliefs(
        self, belief: Tensor, log_prior: Tensor, coupling: float
    ) -> Iterator[Float[Tensor, "S P"]]:
        """Yield the renewed belief in each state (S, P), by bands of rows."""
        bias = (self.bias + log_prior).to(self.signal)[:, None]
        height, width = self.signal.shape[1:]
        block = BLOCK_CUDA if self.signal.is_cuda else BLOCK
        rows = max(1, block // (len(bias) * width))
        for top in range(0, height, rows):
            above = min(top, 1)
            heard = neighbours(belief[:, top - above : top + rows + 1])
            heard = heard[:, above : above + rows].mul_(coupling).flatten(1)
            shared = heard if self.parts is None else self.parts @ heard
            scores = torch.addmm(bias, self.states, self.signal[:, top : top + rows].flatten(1))
            yield scores.add_(shared).softmax(0).float()


def neighbours(belief: Float[Tensor, "C Y X"]) -> Float[Tensor, "C Y X"]:
    """Return the weighted sum over the 8 neighbours of each pixel; outside there are none."""
    total = torch.zeros_like(belief)
    total[:, 1:] += belief[:, :-1]
    total[:, :-1] += belief[:, 1:]
    column = belief + DIAGONAL * total
    total[:, :, 1:] += column[:, :, :-1]
    total[:, :, :-1] += column[:, :, 1:]
    return total


def _moments(q: Tensor, thickness_nm: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Best thickness (L, P), its expected rms error (L, P) and ambiguity (P) of beliefs (S, P)."""
    best = q.argmax(0)
    found = thickness_nm[:, best]
    square = thickness_nm.square() @ q - 2 * found * (thickness_nm @ q) + found.square()
    present = layer_sets(thickness_nm)
    same = torch.where(present[:, None] == present[best], q, 0).sum(0)
    return found, square.clamp_min(0).sqrt(), (1 - same).clamp(0, 1)
