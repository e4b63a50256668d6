"""Exhaustive search of the table: the best state of every pixel and its posterior."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, Real
from torch import Tensor, nn

from sem3d.solvers.signal_space import SignalSpace
from sem3d.specimen import LayerStack

EXACT_BELOW = 0.003
"""Noise level below which float32 no longer tells neighbouring states apart."""
BLOCK = 1 << 22
"""Scores held at a time on a CPU: they should stay in the cache."""
BLOCK_CUDA = 1 << 28
NEGLIGIBLE = -60.0
"""Log-posterior taken for all worse states: denormal numbers would be slow."""


class Estimate(NamedTuple):
    """What a solver finds in one scan.

    Attributes:
        thickness_nm: (L, Y, X) [nm].
        uncertainty_nm: (L, Y, X) expected rms error of the thickness [nm].
        ambiguity: (Y, X) probability that another set of layers is present, or None.
    """

    thickness_nm: Float[Tensor, "L Y X"]
    uncertainty_nm: Float[Tensor, "L Y X"]
    ambiguity: Float[Tensor, "Y X"] | None


class Posterior(NamedTuple):
    """What a scan says about each pixel.

    Attributes:
        best: (P,) most probable state.
        deviation_nm: (L, P) rms distance of the posterior from the best state [nm].
        ambiguity: (P,) probability that another set of layers is present than in `best`.
    """

    best: Int64[Tensor, " P"]
    deviation_nm: Float[Tensor, "L P"]
    ambiguity: Float[Tensor, " P"]


def states_of(stack: LayerStack) -> Float[Tensor, "L S"]:
    """Thickness of every whole-nm state [nm], in the order of `LookupForward.table`."""
    axes = [torch.arange(limit + 1, dtype=torch.float64) for limit in stack.limits_nm]
    return torch.cartesian_prod(*axes).reshape(-1, len(axes)).T.contiguous()


def layer_sets(thickness_nm: Real[Tensor, "L *field"]) -> Int64[Tensor, "*field"]:
    """Return which layers are present as a number: bit k is set where layer k is."""
    bits = [2**k * (plane > 0) for k, plane in enumerate(thickness_nm)]
    return torch.stack(bits).sum(0)


def state_index(
    thickness_nm: Float[Tensor, "L *field"], stack: LayerStack
) -> Int64[Tensor, "*field"]:
    """Return the place of whole-nm thicknesses [nm] in `states_of`."""
    index = torch.zeros_like(thickness_nm[0], dtype=torch.long)
    for plane, limit in zip(thickness_nm, stack.limits_nm, strict=True):
        index = index * (limit + 1) + plane.long()
    return index


class StateSearch(nn.Module):
    """Compares every pixel with every state of a table, block by block.

    Args:
        space: signal space of the table.
        stack: the layers.
        log_prior: (S,) log-probability of each state.
    """

    thickness_nm: Tensor
    log_prior: Tensor
    present: Tensor
    features: Tensor

    def __init__(self, space: SignalSpace, stack: LayerStack, log_prior: Tensor) -> None:
        super().__init__()
        self.space = space
        states = states_of(stack)
        self.register_buffer("thickness_nm", states)
        self.register_buffer("log_prior", log_prior)
        present = layer_sets(states)
        sets = torch.nn.functional.one_hot(present, 2 ** len(states)).double()
        features = [sets, states.T, states.T.square()]
        self.register_buffer("present", present)
        self.register_buffer("features", torch.cat(features, 1))  # (S, sets + 2 L)

    def estimate(self, components: Float[Tensor, "K Y X"], level: float) -> Estimate:
        """Return the most probable state of a field, expected error and ambiguity."""
        field = components.shape[1:]
        best, deviation, ambiguity = self.posterior(components.flatten(1), level)
        return Estimate(
            self.thickness_nm[:, best].float().reshape(-1, *field),
            deviation.float().reshape(-1, *field),
            ambiguity.float().reshape(field),
        )

    def best(self, components: Float[Tensor, "K P"], level: float) -> Int64[Tensor, " P"]:
        """Return the most probable state of every pixel."""
        scores = self._scores(components, level)
        return torch.cat([block.max(1).indices for block in scores])

    def posterior(self, components: Float[Tensor, "K P"], level: float) -> Posterior:
        """Return the most probable state of every pixel and how sure that is."""
        blocks = zip(*self._posteriors(components, level), strict=True)
        return Posterior(*(torch.cat(part, -1) for part in blocks))

    def _posteriors(self, components: Tensor, level: float) -> Iterator[tuple[Tensor, ...]]:
        layers = len(self.thickness_nm)
        for scores in self._scores(components, level):
            highest, best = scores.max(1, keepdim=True)
            weights = scores.sub_(highest).clamp_min_(NEGLIGIBLE).exp_()
            sums = weights @ self.features.to(weights)
            sets, first, second = sums.split([2**layers, layers, layers], 1)
            total = sets.sum(1, keepdim=True)
            mean = first / total
            found = self.thickness_nm[:, best[:, 0]].T.to(mean)
            error = second / total - 2 * found * mean + found.square()
            same = sets.gather(1, self.present[best])[:, 0] / total[:, 0]
            yield best[:, 0], error.clamp_min(0).sqrt().T, (1 - same).clamp_min(0)

    def _scores(self, components: Tensor, level: float) -> Iterator[Tensor]:
        """Yield the log-posterior (P, S) of every state, up to a constant, by blocks of pixels."""
        kind = torch.float64 if level < EXACT_BELOW else torch.float32
        scaled = self.space.states_at(level) / level
        bias = (self.log_prior - 0.5 * scaled.square().sum(0)).to(kind)
        states = scaled.to(kind)
        size = max(1, (BLOCK_CUDA if components.is_cuda else BLOCK) // states.shape[1])
        for block in (components / level).to(kind).split(size, 1):
            yield torch.addmm(bias, block.T, states)
