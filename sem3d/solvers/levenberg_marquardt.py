"""Regularised nonlinear least squares for many small independent problems at once.

Levenberg's method with Marquardt's scaling (Marquardt, SIAM J. Appl. Math. 11, 1963), parameters
kept in a box: one at its bound that would leave it is held.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Linearise = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Parameters (n, P) to values (E, P) and derivatives (n, E, P)."""

FIRST_DAMPING = 0.01
AFTER_SUCCESS, AFTER_FAILURE = 0.3, 8.0
MOST_DAMPING = 1e6


@dataclass
class Fit:
    """Where each problem stands.

    Attributes:
        parameters: (n, P).
        cost: (P,) squared misfit plus penalty.
        curvature: (n, n, P) Gauss-Newton matrix, penalty included.
        downhill: (n, P) half the negative gradient.
    """

    parameters: Float[Tensor, "n P"]
    cost: Float[Tensor, " P"]
    curvature: Float[Tensor, "n n P"]
    downhill: Float[Tensor, "n P"]

    def at(self, index: Tensor) -> "Fit":
        """Return the problems at `index`."""
        return Fit(
            self.parameters[:, index],
            self.cost[index],
            self.curvature[..., index],
            self.downhill[:, index],
        )

    def put(self, index: Tensor, other: "Fit") -> None:
        """Replace the problems at `index`."""
        self.parameters[:, index] = other.parameters
        self.cost[index] = other.cost
        self.curvature[..., index] = other.curvature
        self.downhill[:, index] = other.downhill


def minimise(
    linearise: Linearise,
    data: Float[Tensor, "E P"],
    start: Float[Tensor, "n P"],
    bounds: tuple[Float[Tensor, "n 1"], Float[Tensor, "n 1"]],
    penalty: Float[Tensor, "n 1"],
    tolerance: float,
    steps: int,
) -> Fit:
    """Minimise |data - f(p)|^2 + sum penalty p^2 in a box, for P problems of n parameters.

    Args:
        linearise: f and its derivative.
        data: what f should come to.
        start: first parameters, inside the box.
        bounds: lowest and highest parameters.
        penalty: weight of each squared parameter.
        tolerance: a problem is done when a step lowers its cost by less.
        steps: most steps.
    """
    fit = _assess(linearise, data, start.clone(), penalty)
    damping = torch.full_like(fit.cost, FIRST_DAMPING)
    active = torch.arange(len(fit.cost), device=data.device)
    for _ in range(steps):
        here = fit.at(active)
        trial = _step(here, damping, bounds)
        there = _assess(linearise, data[:, active], trial, penalty)
        gain = here.cost - there.cost
        better = gain > 0
        fit.put(active[better], there.at(better))
        damping = damping * torch.where(better, AFTER_SUCCESS, AFTER_FAILURE)
        # a failed step may be followed by a good one with more damping
        going = ~(gain.abs() <= tolerance) & (damping < MOST_DAMPING)
        active, damping = active[going], damping[going]
        if not len(active):
            break
    return fit


def _assess(linearise: Linearise, data: Tensor, parameters: Tensor, penalty: Tensor) -> Fit:
    value, slope = linearise(parameters)
    misfit = data - value
    cost = misfit.square().sum(0) + (penalty * parameters.square()).sum(0)
    curvature = torch.stack([(slope * row).sum(1) for row in slope])
    curvature.diagonal(dim1=0, dim2=1).add_(penalty.T)
    downhill = (slope * misfit).sum(1) - penalty * parameters
    return Fit(parameters, cost, curvature, downhill)


def _step(fit: Fit, damping: Tensor, bounds: tuple[Tensor, Tensor]) -> Tensor:
    """Return the damped step from `fit`, clipped to the box."""
    low, high = bounds
    at, downhill = fit.parameters, fit.downhill
    held = ((at <= low) & (downhill < 0)) | ((at >= high) & (downhill > 0))
    free = (~held).to(at)
    matrix = fit.curvature * free * free[:, None]
    diagonal = matrix.diagonal(dim1=0, dim2=1)
    diagonal.mul_(1 + damping[:, None]).add_(held.T.to(at))  # a held row becomes that of unity
    return (at + solve(matrix, downhill * free)).clamp(low, high)


def solve(matrix: Float[Tensor, "n n P"], right: Float[Tensor, "n P"]) -> Float[Tensor, "n P"]:
    """Solve P symmetric positive definite systems by elimination, all at once.

    For a few unknowns this is many times faster than a batch of library calls.
    """
    n = len(right)
    rows = [[matrix[i, j] for j in range(n)] + [right[i]] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    found: list[Tensor] = []
    for k in reversed(range(n)):
        known = sum((rows[k][k + 1 + m] * x for m, x in enumerate(found)), start=0 * rows[k][k])
        found.insert(0, (rows[k][n] - known) / rows[k][k])
    return torch.stack(found)
