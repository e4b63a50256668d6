"""Tikhonov-regularised least squares, every set of layers tried and the most plausible kept."""

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.solvers.blocks import in_blocks
from sem3d.solvers.layer_fit import LeastSquares, standard_deviation, working_precision
from sem3d.solvers.levenberg_marquardt import Fit
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import Estimate

START_LEVELS = 10


class Tikhonov(LeastSquares):
    """Levenberg-Marquardt fit of every pixel in every set of layers.

    Each set (each layer alone, pairs, ..., all) is fitted from the best of a coarse grid of starts,
    see `LeastSquares`; where no set explains the data, from more of them. Of the sets and the bare
    substrate the one with the least cost + ln(E) per layer is kept (Schwarz 1978). exp(-cost / 2)
    weighs the sets: the ambiguity is the weight of the other sets, and the uncertainty counts their
    thickness as well as the scatter of each fit.

    Args:
        problem: the physics.
        strength: lambda, weight of the penalty on thickness.
        steps: most steps of a fit.
        level: noise, see `Solver`.
    """

    def __init__(
        self,
        problem: LayeredProblem,
        strength: float = 1.0,
        steps: int = 15,
        level: float | None = None,
    ) -> None:
        super().__init__(problem, strength, steps, level)
        layers = range(len(problem.stack.materials))
        self.sets = [s for n in layers for s in itertools.combinations(layers, n + 1)]

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Fit every pixel in every set of layers and choose the set."""
        data = working_precision(stabilised, level)
        found = in_blocks(lambda block: self._block(block, level), data)
        parts = (torch.cat(part, -1).float() for part in zip(*found, strict=True))
        return Estimate(*(part.unflatten(-1, stabilised.shape[1:]) for part in parts))

    def _block(self, data: Tensor, level: float) -> tuple[Tensor, Tensor, Tensor]:
        fits = [self._fit_nearest(data, present, level) for present in self.sets]
        costs = self._costs(fits, data, level)
        poor = (costs.amin(0) > unlikely_cost(len(data))).nonzero()[:, 0]
        if len(poor):
            for fit, present in zip(fits, self.sets, strict=True):
                self._try_other_starts(fit, poor, data[:, poor], present, level)
            costs = self._costs(fits, data, level)
        return self._combine(fits, costs, level)

    def _combine(
        self, fits: Sequence[Fit], costs: Tensor, level: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the best set's thickness, its expected rms error over all sets, and ambiguity."""
        weights = torch.exp((costs.amin(0) - costs) / 2)
        weights /= weights.sum(0)
        each = costs.new_zeros(len(costs), 2, len(self.limits), costs.shape[1])
        for found, fit, present in zip(each, fits, self.sets, strict=False):  # bare stays 0
            layers = torch.tensor(present, device=costs.device)
            found[0, layers] = fit.parameters
            found[1, layers] = level * standard_deviation(fit.curvature)
        best, chosen = weights.max(0)
        thickness = each[:, 0].take_along_dim(chosen[None, None], 0)[0]
        error = each[:, 1].square() + (each[:, 0] - thickness).square()
        return thickness, (weights[:, None] * error).sum(0).sqrt(), 1 - best

    def _costs(self, fits: Sequence[Fit], data: Tensor, level: float) -> Tensor:
        """Cost of every set and last of bare substrate (sets + 1, P), in noise variances."""
        bare = self.space.stabilise(self.bare.to(data))
        misfits = [*(fit.cost for fit in fits), (data - bare).square().sum(0)]
        layers = data.new_tensor([*map(len, self.sets), 0])[:, None]
        return torch.stack(misfits) / level**2 + layers * math.log(len(data))

    def _fit_nearest(self, data: Tensor, present: Sequence[int], level: float) -> Fit:
        grid, scores = self._starts(data, present)
        return self.fit(data, present, grid[:, scores.max(1).indices], level)

    def _try_other_starts(
        self, fit: Fit, index: Tensor, data: Tensor, present: Sequence[int], level: float
    ) -> None:
        """Fit pixels `index` again, from the best start for each thickness of the upper layer."""
        grid, scores = self._starts(data, present)
        upper = [(grid[-1] == top).nonzero()[:, 0] for top in grid[-1].unique()]
        starts = [grid[:, among[scores[:, among].max(1).indices]] for among in upper]
        many = self.fit(data.repeat(1, len(starts)), present, torch.cat(starts, 1), level)
        pixels = torch.arange(len(index), device=index.device)
        best = many.cost.reshape(len(starts), -1).argmin(0) * len(index) + pixels
        other = many.at(best)
        better = other.cost < fit.cost[index]
        fit.put(index[better], other.at(better))

    def _starts(self, data: Tensor, present: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return a coarse grid of thicknesses (n, G) and how well each fits (P, G)."""
        shares = (torch.arange(1, START_LEVELS + 1) / START_LEVELS) ** 1.5  # finer where thin
        levels = [(float(self.limits[k]) * shares).ceil() for k in present]
        grid = torch.cartesian_prod(*levels).reshape(-1, len(present)).T.to(data)
        states, _ = self.linearise(grid, present)
        return grid, torch.addmm(-0.5 * states.square().sum(0), data.T, states)


def unlikely_cost(energies: int) -> float:
    """Chi-squared that noise gives one pixel in a million (Wilson and Hilferty 1931)."""
    variance = 2 / (9 * energies)
    return energies * (1 - variance + 4.75 * math.sqrt(variance)) ** 3
