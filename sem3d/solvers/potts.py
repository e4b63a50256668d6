"""Potts regularisation: neighbouring pixels prefer to be in the same state."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.mean_field import MeanField
from sem3d.solvers.priors import Prior
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import Estimate
from sem3d.solvers.solver import Solver
from sem3d.solvers.tv_lookup import TVLookUp


class Potts(Solver):
    """Mean field of a Potts model (Potts 1952) over the states that occur in the field of view.

    `TVLookUp` gives the start and the list of states: all that it finds in any pixel. Only there
    the prior acts; in the sweeps the neighbours take its place. Uncertainty and ambiguity
    are those of the final beliefs: they hold if the neighbours are right, so they are too small
    where a whole terrace is mistaken.

    Args:
        problem: the physics.
        coupling: log-probability gained per straight neighbour in the same state; 0 gives the most
            likely listed state of each pixel.
        sweeps: how often all beliefs are renewed.
        prior: probability of each state at the start; None holds all alike.
        level: noise, see `Solver`.

    Raises:
        InputError: a negative coupling or no sweep.
    """

    pixelwise = False
    bytes_per_pixel = 1000
    tile_beliefs: int = 1 << 25
    """States times pixels held at a time. Tiles overlap by one row per sweep: nothing changes."""

    def __init__(
        self,
        problem: LayeredProblem,
        coupling: float = 2.0,
        sweeps: int = 8,
        prior: Prior | None = None,
        level: float | None = None,
    ) -> None:
        super().__init__(problem, level)
        if not coupling >= 0:
            raise InputError(f"solver.coupling is {coupling}; give 0 or a positive number")
        if not (isinstance(sweeps, int) and sweeps >= 1):
            raise InputError(f"solver.sweeps is {sweeps}; give a whole number of at least 1")
        self.coupling, self.sweeps = coupling, sweeps
        self.start = TVLookUp(problem, prior=prior)

    def recover(self, stabilised: Float[Tensor, "E Y X"], level: float) -> Estimate:
        """List the states of the field, then sweep it tile by tile."""
        components = self.space.compress(stabilised, level)
        smooth = self.start.smooth(stabilised, level)
        listed = self.start.search.best(smooth.flatten(1), self.start.remaining * level).unique()
        height, width = smooth.shape[1:]
        rows = self.tile_beliefs // (len(listed) * width) - 2 * self.sweeps
        rows = max(4 * self.sweeps, rows)  # else the overlap is most of the work
        tiles = []
        for top in range(0, height, rows):
            above, end = min(top, self.sweeps), min(top + rows, height)
            seen = slice(top - above, end + self.sweeps)
            found = self._tile(components[:, seen], smooth[:, seen], listed, level)
            tiles.append([part[..., above : above + end - top, :] for part in found])
        return Estimate(*(torch.cat(part, -2) for part in zip(*tiles, strict=True)))

    def _tile(
        self,
        components: Float[Tensor, "K Y X"],
        smooth: Float[Tensor, "M Y X"],
        listed: Int64[Tensor, " S"],
        level: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        search, left = self.start.search, self.start.remaining * level
        none = smooth.new_zeros(len(listed), *smooth.shape[1:])
        start = MeanField(smooth, self.space.states_at(left)[:, listed], left)
        belief = start.sweep(none, search.log_prior[listed], 0.0)
        field = MeanField(components, self.space.states_at(level)[:, listed], level)
        alike = torch.zeros_like(search.log_prior[listed])
        for _ in range(self.sweeps - 1):
            belief = field.sweep(belief, alike, self.coupling)
        return field.estimate(belief, alike, self.coupling, search.thickness_nm[:, listed])
