"""Least squares for the thickness of given layers, with Tikhonov's penalty."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.levenberg_marquardt import Fit, minimise, solve
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import EXACT_BELOW
from sem3d.solvers.solver import Solver

THINNEST_NM = 0.05
"""A layer that is present is at least this thick: 0 belongs to another set of layers."""
NEGLIGIBLE_GAIN = 0.01
"""A fit is done when a step gains less than this, in units of the noise variance."""


class LeastSquares(Solver):
    """What least-squares solvers share: the fit of each pixel in one set of layers.

    The thickness d of the present layers minimises

        |y - f(d)|^2 / level^2 + strength sum (d_k / limit_k)^2

    for the stabilised signal y.

    Args:
        problem: the physics.
        strength: lambda, weight of the penalty.
        steps: most steps of a fit.
        level: noise, see `Solver`.

    Raises:
        InputError: strength or steps out of range.
    """

    limits: Tensor

    def __init__(
        self, problem: LayeredProblem, strength: float, steps: int, level: float | None
    ) -> None:
        super().__init__(problem, level)
        if not 0 <= strength < math.inf or not (isinstance(steps, int) and steps >= 1):
            raise InputError(
                f"solver has strength {strength} and steps {steps}; give strength >= 0, steps >= 1"
            )
        self.strength, self.steps = strength, steps
        self.register_buffer("limits", torch.tensor(problem.stack.limits_nm, dtype=torch.float64))

    def fit(
        self,
        data: Float[Tensor, "E P"],
        present: Sequence[int],
        start: Float[Tensor, "n P"],
        level: float,
    ) -> Fit:
        """Fit the layers `present` to stabilised pixels from `start` [nm]."""
        limits = self.limits[list(present), None].to(data)
        bounds = torch.full_like(limits, THINNEST_NM), limits

        def linearise(thickness: Tensor) -> tuple[Tensor, Tensor]:
            return self.linearise(thickness, present)

        penalty = self.strength * level**2 / limits.square()
        tolerance = NEGLIGIBLE_GAIN * level**2
        return minimise(linearise, data, start, bounds, penalty, tolerance, self.steps)

    def linearise(
        self, thickness_nm: Float[Tensor, "n P"], present: Sequence[int]
    ) -> tuple[Float[Tensor, "E P"], Float[Tensor, "n E P"]]:
        """Stabilised signal and its derivative [1/nm]."""
        signal, slope = self.model.linearise(thickness_nm, present)
        return self.space.stabilise(signal), slope * self.space.statistics.slope(signal)


def working_precision(stabilised: Float[Tensor, "E Y X"], level: float) -> Float[Tensor, "E P"]:
    """Return the pixels of a field in the precision that its noise deserves."""
    return stabilised.flatten(1).to(torch.float64 if level < EXACT_BELOW else torch.float32)


def standard_deviation(curvature: Float[Tensor, "n n P"]) -> Float[Tensor, "n P"]:
    """Square root of the diagonal of the inverse of P matrices."""
    n = len(curvature)
    unit = torch.eye(n).to(curvature)[:, :, None].expand_as(curvature)
    return torch.stack([solve(curvature, unit[k])[k] for k in range(n)]).clamp_min(0).sqrt()
