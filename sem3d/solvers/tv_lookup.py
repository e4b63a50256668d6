"""Vectorial total variation of the scan's components, then look-up with the noise that remains."""

from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.lookup import make_search
from sem3d.solvers.priors import Prior
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import Estimate
from sem3d.solvers.solver import Solver
from sem3d.solvers.total_variation import denoise


class TVLookUp(Solver):
    """Look-up of a scan whose components were freed of noise together.

    The components share their edges, see `denoise`. What total variation leaves is taken as noise
    of `remaining` times the level: uncertainty and ambiguity are those of the look-up's
    posterior at that noise, so they do not know of edges that moved.

    Args:
        problem: the physics.
        weight: price of variation in noise levels; more joins terraces and loses thin ones.
        remaining: share of the noise level that is left after smoothing, in 0..1.
        steps: iterations of the smoothing.
        prior: probability of each state; None holds all alike.
        level: noise, see `Solver`.

    Raises:
        InputError: a negative weight, no steps, or a share outside 0..1.
    """

    pixelwise = False
    bytes_per_pixel = 1000

    def __init__(
        self,
        problem: LayeredProblem,
        weight: float = 1.5,
        remaining: float = 0.25,
        steps: int = 80,
        prior: Prior | None = None,
        level: float | None = None,
    ) -> None:
        super().__init__(problem, level)
        if not weight >= 0:
            raise InputError(f"solver.weight is {weight}; give 0 or a positive number")
        if not 0 < remaining <= 1:
            raise InputError(f"solver.remaining is {remaining}; give a share above 0, at most 1")
        if not (isinstance(steps, int) and steps >= 1):
            raise InputError(f"solver.steps is {steps}; give a whole number of at least 1")
        self.weight, self.remaining, self.steps = weight, remaining, steps
        self.search = make_search(self, prior)

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Smooth the components, then search the table for every pixel."""
        return self.search.estimate(self.smooth(stabilised, level), self.remaining * level)

    def smooth(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Float[Tensor, "K Y X"]:
        """Return the components that matter at the remaining noise, smoothed."""
        components = self.space.compress(stabilised, self.remaining * level)
        return denoise(components, self.weight * level, self.steps)
