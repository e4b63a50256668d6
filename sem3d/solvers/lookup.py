"""Look-up: the most probable state of the exact table, pixel by pixel."""

from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.priors import Flat, Prior
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import Estimate, StateSearch, states_of
from sem3d.solvers.solver import Solver


class LookUp(Solver):
    """Maximum likelihood, or with a prior maximum a posteriori, over all whole-nm states.

    Every pixel is compared with every state in the space of principal components, so there is no
    local minimum and no start value. Uncertainty and ambiguity are those of the posterior.

    Args:
        problem: the physics.
        prior: probability of each state; None holds all alike.
        level: noise, see `Solver`.
    """

    def __init__(
        self, problem: LayeredProblem, prior: Prior | None = None, level: float | None = None
    ) -> None:
        super().__init__(problem, level)
        self.search = make_search(self, prior)

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """Search the table for every pixel."""
        components = self.space.compress(stabilised, level)
        return self.search.estimate(components, level)


def make_search(solver: Solver, prior: Prior | None) -> StateSearch:
    """Return the search of a solver's table under a prior."""
    if prior is not None and not isinstance(prior, Prior):
        raise InputError(
            f"solver.prior is {prior!r}; give a prior, e.g. "
            "solver.prior._target_=sem3d.solvers.priors.Flat"
        )
    stack = solver.problem.stack
    log_prior = (prior or Flat()).log_probability(states_of(stack), stack)
    return StateSearch(solver.space, stack, log_prior)
