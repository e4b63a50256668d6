"""MED-SEM that is told the depth response and the blur by the simulator: what blindness costs."""

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.solvers.med_sem_deconvolution import START, check_settings, deconvolve
from sem3d.solvers.med_sem_optics import Field, Imaging, bend_to
from sem3d.solvers.med_sem_reference import uniform_yield
from sem3d.solvers.med_sem_response import measure_response
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.solvers.voxel_solver import VoxelSolver


class MedSemCalibrated(VoxelSolver):
    """Bounded Richardson-Lucy deconvolution of every slice of voxels with known responses.

    The response to single voxels is measured on the simulator, see `measure_response`. Thick
    inclusions shield what lies below: the response bends so that the filled box has its simulated
    yield. The first construction for a box and energies simulates for some minutes on one core; the
    scans are kept, see `sem3d.solvers.med_sem_reference`.

    Args:
        problem: box, energies, dose and simulator.
        rounds: of deconvolution.
        smoothness: weight of the total variation in units of the log-likelihood.
        threshold: see `VoxelSolver`.

    Raises:
        InputError: a setting is out of range.
    """

    base: Tensor
    bend: Tensor
    transfer: Tensor

    def __init__(
        self,
        problem: VoxelProblem,
        rounds: int = 60,
        smoothness: float = 1.0,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(problem, threshold)
        check_settings(rounds, smoothness)
        self.rounds, self.smoothness = rounds, smoothness
        weights, widths = measure_response(problem)
        self.field = Field.of(problem.box)
        last = len(problem.box.materials)
        bare, full = (torch.from_numpy(uniform_yield(problem, n)) for n in (1, last))
        bend = bend_to((full - bare)[:, None, None], weights.sum(1)[:, None, None])
        self.register_buffer("base", bare[:, None, None])
        self.register_buffer("bend", bend)
        self.register_buffer("transfer", (weights * self.field.blur(widths))[None])

    def score(self, yields: Float[Tensor, "B E Y X"], dose: float) -> Float[Tensor, "B Z Y X"]:
        """Return the share of the material in each voxel, 0..1."""
        imaging = Imaging(self.field.to(yields), self.transfer, self.base, self.bend)
        start = yields.new_full((len(yields), *self.problem.box.shape), START)
        return deconvolve(yields, imaging, dose, self.rounds, self.smoothness, start)
