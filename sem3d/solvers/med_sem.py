"""Multi-energy deconvolution SEM: blind separation of images into depths, and deconvolution."""

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError, did_you_mean
from sem3d.solvers.med_sem_deconvolution import START, check_settings, deconvolve
from sem3d.solvers.med_sem_optics import Field
from sem3d.solvers.med_sem_reference import uniform_yield
from sem3d.solvers.med_sem_sources import Mixture, components, placed
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.solvers.voxel_solver import VoxelSolver

LEVELS = ("simulated", "median")


class MedSem(VoxelSolver):
    """Blind multi-energy deconvolution, see docs/med_sem.md.

    Images above the matrix level are a non-negative mixture of a few blurred sources, one per band
    of depth. Mixture and blur start from range and broadening of electrons in the matrix and are
    fitted to each scan in turns with the sources. Nothing is known of the inclusions' material.

    Source: Boughorbel et al., Microsc. Microanal. 18 (S2) (2012) 560; de Goede et al., Nanoscale 9
    (2017) 684; their software is not public, the steps here are our own.

    Args:
        problem: box, energies, dose and simulator.
        sources: bands of depth; null takes as many as principal components rise above the noise.
        rounds: of deconvolution.
        refit_every: rounds between two fits of mixture and blur.
        escape: 1/e depth of the response over the electron range.
        smoothness: weight of the total variation against the log-likelihood.
        matrix: level of the bare matrix: "simulated", or the "median" of each image.
        threshold: see `VoxelSolver`.

    Raises:
        InputError: a setting is out of range.
    """

    base: Tensor

    def __init__(
        self,
        problem: VoxelProblem,
        sources: int | None = 6,
        rounds: int = 100,
        refit_every: int = 20,
        escape: float = 0.12,
        smoothness: float = 1.0,
        matrix: str = "simulated",
        threshold: float = 0.6,
    ) -> None:
        super().__init__(problem, threshold)
        check_settings(rounds, smoothness)
        if sources is not None and sources < 2:
            raise InputError(f"solver.sources is {sources}; give at least 2 or null")
        if refit_every < 1 or not 0 < escape < 1:
            raise InputError(
                f"solver has refit_every {refit_every} and escape {escape}; "
                "give at least 1, and 0 to 1"
            )
        if matrix not in LEVELS:
            raise InputError(f"solver.matrix is {matrix!r}{did_you_mean(matrix, LEVELS)}")
        self.sources, self.rounds, self.refit_every = sources, rounds, refit_every
        self.escape, self.smoothness = escape, smoothness
        self.matrix = matrix
        self.field = Field.of(problem.box)
        energies = len(problem.beam.energies_keV)
        level = torch.zeros(energies)  # in place of the median, which is each scan's own
        if matrix == "simulated":
            level = torch.from_numpy(uniform_yield(problem, 1))
        self.register_buffer("base", level[:, None, None])

    def score(self, yields: Float[Tensor, "B E Y X"], dose: float) -> Float[Tensor, "B Z Y X"]:
        """Return the sources on the grid of voxels, 0..1."""
        base = self.base.expand(len(yields), -1, 1, 1)
        if self.matrix == "median":
            base = yields.flatten(2).median(2).values[..., None, None]
        if self.sources is not None:
            return self._separate(yields, base, dose, self.sources)
        counts = components(yields, base, dose).clamp_min(2)
        score = yields.new_empty((len(yields), *self.problem.box.shape))
        for count in counts.unique().tolist():
            those = counts == count
            score[those] = self._separate(yields[those], base[those], dose, count)
        return score

    def _separate(self, yields: Tensor, base: Tensor, dose: float, count: int) -> Tensor:
        field = self.field.to(yields)
        first = Mixture.start(self.problem, field, base, yields, count, self.escape)
        mixture, done = first, 0
        sources = yields.new_full((len(yields), count, *yields.shape[2:]), START)
        while True:
            rounds = min(self.refit_every, self.rounds - done)
            sources = deconvolve(yields, mixture.imaging, dose, rounds, self.smoothness, sources)
            done += rounds
            if done == self.rounds:
                return placed(sources, mixture.depths_found_nm(first), self.problem)
            mixture = mixture.fitted(yields, sources)
