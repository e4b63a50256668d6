"""The plain numerical solution: regularised least squares from one start.

It stands for the numerical solution of Artemov et al. in the tables. It believes in all layers
everywhere and ends in the local minimum nearest to its start.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.blocks import in_blocks
from sem3d.solvers.layer_fit import LeastSquares, standard_deviation, working_precision
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import Estimate


class TikhonovNaive(LeastSquares):
    """Levenberg-Marquardt fit of every pixel with all layers present, see `LeastSquares`.

    Standard deviations are those of the fit; it knows no ambiguity.

    Args:
        problem: the physics.
        start_nm: thickness of each layer to start from [nm]; None starts at half the limits.
        strength: lambda, weight of the penalty on thickness.
        steps: most steps of a fit.
        level: noise, see `Solver`.

    Raises:
        InputError: the start is not one thickness inside the limits for each layer.
    """

    explains = False
    start: Tensor

    def __init__(
        self,
        problem: LayeredProblem,
        start_nm: Sequence[float] | None = None,
        strength: float = 1.0,
        steps: int = 10,
        level: float | None = None,
    ) -> None:
        super().__init__(problem, strength, steps, level)
        limits = problem.stack.limits_nm
        start = [limit / 2 for limit in limits] if start_nm is None else list(start_nm)
        if len(start) != len(limits) or not all(
            0 < d <= limit for d, limit in zip(start, limits, strict=False)
        ):
            raise InputError(
                f"solver.start_nm is {start}; give one thickness inside 0..{list(limits)} nm "
                "for each layer"
            )
        self.register_buffer("start", torch.tensor(start, dtype=torch.float64)[:, None])

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Fit all layers in every pixel."""
        data = working_precision(stabilised, level)
        found = in_blocks(lambda block: self._block(block, level), data)
        parts = (torch.cat(part, -1).float() for part in zip(*found, strict=True))
        thickness, deviation = (part.unflatten(-1, stabilised.shape[1:]) for part in parts)
        return Estimate(thickness, deviation, None)

    def _block(self, data: Tensor, level: float) -> tuple[Tensor, Tensor]:
        start = self.start.to(data).expand(-1, data.shape[1])
        fit = self.fit(data, range(len(start)), start, level)
        return fit.parameters, level * standard_deviation(fit.curvature)
