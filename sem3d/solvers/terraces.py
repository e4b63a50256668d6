"""Terraces: the few thicknesses of a field and the areas they cover, found in turn."""

from typing import Final

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from sem3d.errors import InputError
from sem3d.solvers.mean_field import MeanField
from sem3d.solvers.priors import Prior
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.regions import connected, sums
from sem3d.solvers.search import Estimate, state_index
from sem3d.solvers.solver import Solver
from sem3d.solvers.tv_lookup import TVLookUp

FIRST: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.0)
"""Shares of the coupling in the sweeps of the first round: loose first, so that edges can move."""
LATER: Final = (0.25, 0.5, 0.7, 1.0, 1.0)
PASSES: Final = 2
SMALLEST: Final = 8
"""Areas of fewer pixels keep their thickness: they measure too little."""
BYTES_PER_THICKNESS: Final = 44
"""Beliefs and their copies per pixel and thickness, at the peak."""
RARE: Final = 2.0
"""A thickness that covers fewer pixels is dropped."""


class Terraces(Solver):
    """Finds flat pieces of few thicknesses, none of which need be known.

    Starts from `TVLookUp`. Each round (a) sweeps a mean field in which neighbours prefer the same
    thickness of each layer, while the prior of a thickness is the area it covers, learnt as in
    Zhang, Brady and Smith 2001: rare thicknesses die out; (b) compares every connected area as a
    whole with all states, the largest first. There a thickness is as probable as the area it
    covers elsewhere, or drawn from the prior with the probability `novelty`, as in a Dirichlet
    process (Ferguson 1973). So terraces whose pixels cannot tell two states apart are decided by
    all their pixels together. Uncertainty and ambiguity are those of the last beliefs: they hold
    for the thicknesses found, hence say where edges are, not how thick a terrace is.

    Args:
        problem: the physics.
        coupling: log-probability gained per straight neighbour of equal thickness, per layer.
        rounds: how often areas and thicknesses are found in turn.
        novelty: probability that an area has a thickness that occurs nowhere else in the field.
        prior: probability of each state where nothing is learnt; None holds all alike.
        level: noise, see `Solver`.

    Raises:
        InputError: a negative coupling, no round, or a probability outside 0..1.
    """

    pixelwise = False
    parts: Tensor
    chance: Tensor

    def __init__(
        self,
        problem: LayeredProblem,
        coupling: float = 2.0,
        rounds: int = 6,
        novelty: float = 0.01,
        prior: Prior | None = None,
        level: float | None = None,
    ) -> None:
        super().__init__(problem, level)
        if not coupling >= 0:
            raise InputError(f"solver.coupling is {coupling}; give 0 or a positive number")
        if not (isinstance(rounds, int) and rounds >= 1):
            raise InputError(f"solver.rounds is {rounds}; give a whole number of at least 1")
        if not 0 < novelty < 1:
            raise InputError(f"solver.novelty is {novelty}; give a probability between 0 and 1")
        self.coupling, self.rounds, self.novelty = coupling, rounds, novelty
        self.start = TVLookUp(problem, prior=prior)
        self.search = self.start.search
        layers = zip(self.search.thickness_nm.long(), problem.stack.limits_nm, strict=True)
        parts = torch.cat([one_hot(d, limit + 1) for d, limit in layers], 1).double()
        self.register_buffer("parts", parts)  # (S, C), C = every thickness of every layer
        self.bytes_per_pixel = BYTES_PER_THICKNESS * parts.shape[1]
        self.register_buffer("chance", parts.T @ self.search.log_prior.softmax(0))

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Alternate between the areas and their thickness."""
        smooth = self.start.smooth(stabilised, level)
        best = self.search.best(smooth.flatten(1), self.start.remaining * level)
        components = self.space.compress(stabilised, level)
        found = self._settle(best.reshape(smooth.shape[1:]), components, level, FIRST)
        for _ in range(self.rounds - 1):
            state = self._regroup(
                state_index(found.thickness_nm, self.problem.stack), components, level
            )
            found = self._settle(state, components, level, LATER)
        return found

    def _settle(
        self, state: Tensor, components: Tensor, level: float, schedule: tuple[float, ...]
    ) -> Estimate:
        """Let neighbours agree on the thicknesses that occur in a map of states."""
        used = self.parts[state.unique()].amax(0).nonzero()[:, 0]
        belief = self.parts[:, used].float().T[:, state]
        rare = min(RARE, 0.5 * state.numel() / (max(self.problem.stack.limits_nm) + 1))
        for share in schedule:
            cover = belief.sum((1, 2))
            used, belief, cover = (values[cover > rare] for values in (used, belief, cover))
            listed = (self.parts[:, used].sum(1) == len(self.problem.stack.limits_nm)).nonzero()[
                :, 0
            ]
            parts = self.parts[listed][:, used]
            field = MeanField(components, self.space.states_at(level)[:, listed], level, parts)
            heard = belief, parts @ cover.double().log(), share * self.coupling
            belief = field.sweep(*heard)
        return Estimate(*field.estimate(*heard, self.search.thickness_nm[:, listed]))

    def _regroup(self, state: Tensor, components: Tensor, level: float) -> Int64[Tensor, "Y X"]:
        """Give every connected area the state that its pixels together and other areas favour."""
        area = connected(state)
        size = torch.bincount(area.flatten()).double()
        states = self.space.states_at(level) / level
        bias = -0.5 * states.square().sum(0)
        total = sums(components / level, area)
        now = torch.zeros_like(size, dtype=torch.long)
        now[area.flatten()] = state.flatten()
        measured = (values.cpu() for values in (now, size, total, states, bias))
        return self._choose(*measured).to(area.device)[area]  # many small steps: on the CPU

    def _choose(
        self, now: Tensor, size: Tensor, total: Tensor, states: Tensor, bias: Tensor
    ) -> Int64[Tensor, " R"]:
        """Choose the state of each area (R,) in turn from its size and sum of components."""
        parts, chance = self.parts.cpu(), self.novelty * self.chance.cpu()
        having = parts.nonzero()[:, 1].reshape(len(parts), -1)  # (S, L) thicknesses of a state
        cover = size @ parts[now]
        order = size.argsort(descending=True, stable=True)
        for r in order[size[order] >= SMALLEST].tolist() * PASSES:
            cover[having[now[r]]] -= size[r]
            others = (size.sum() - size[r]).clamp_min(1)
            known = ((1 - self.novelty) * cover / others + chance).log()
            score = total[:, r] @ states + size[r] * bias + known[having].sum(1)
            now[r] = score.argmax()
            cover[having[now[r]]] += size[r]
        return now
