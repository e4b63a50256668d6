"""What all voxel solvers share: the call, the checks of a scan, labels from a score."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.solvers.scan_checks import check_batch, check_physics, choose_energies
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.specimen import Reconstruction, Scan

LARGEST_YIELD = 1.5
"""Electrons counted per beam electron above which a scan is taken for counts or grey levels."""


class VoxelSolver(nn.Module, ABC):
    """Finds one material in a matrix of another, without training.

    Called with a `Scan` it returns a `Reconstruction` of numpy arrays; called with a batch of
    yields (B, E, Y, X), counts over dose, one of tensors with the batch axis first.

    Args:
        problem: box, energies, dose and simulator.
        threshold: score from which a voxel counts as the material looked for.

    Raises:
        InputError: one material only, no dose, or a threshold outside 0..1.
    """

    chunk: ClassVar[int] = 16
    """Scans worked on at a time."""

    def __init__(self, problem: VoxelProblem, threshold: float = 0.5) -> None:
        super().__init__()
        if len(problem.box.materials) < 2:
            raise InputError(
                f"the box holds {problem.box.materials[0]} only; "
                "name the matrix first and the material looked for last"
            )
        if problem.beam.electrons is None:
            raise InputError(
                "the beam of a voxel problem tells no dose; give acquisition.electrons"
            )
        if not 0 < threshold < 1:
            raise InputError(f"solver.threshold is {threshold}; give a number between 0 and 1")
        self.problem, self.threshold = problem, threshold

    @abstractmethod
    def score(self, yields: Float[Tensor, "B E Y X"], dose: float) -> Float[Tensor, "B Z Y X"]:
        """Return how sure each voxel is of the last material, 0..1."""

    def forward(self, scan: Scan | Float[Tensor, "B E Y X"]) -> Reconstruction:
        """Reconstruct one scan or a batch; the dose of a `Scan` replaces the problem's.

        Raises:
            InputError: other energies, another field, or yields that no detector counts.
        """
        if isinstance(scan, Scan):
            check_physics(scan.provenance, self.problem.engine.provenance, "the scan")
            batch = torch.from_numpy(choose_energies(scan, self.problem.beam))[None]
            device = next(self.buffers()).device
            labels, score = self._found(batch.to(device), scan.electrons)
            return Reconstruction(labels[0].cpu().numpy(), probability=score[0].cpu().numpy())
        labels, score = self._found(check_batch(scan), None)
        return Reconstruction(labels, probability=score)

    def _found(self, yields: Tensor, electrons: int | None) -> tuple[Tensor, Tensor]:
        self._check(yields)
        dose = float(electrons or self.problem.beam.electrons or 0)
        with torch.inference_mode():
            parts = [self.score(part.float(), dose) for part in yields.split(self.chunk)]
        score = torch.cat(parts)
        last = len(self.problem.box.materials)
        labels = torch.where(score >= self.threshold, last, 1).to(torch.uint8)
        return labels, score

    def _check(self, yields: Tensor) -> None:
        wanted = (len(self.problem.beam.energies_keV), *self.problem.box.shape[1:])
        if tuple(yields.shape[1:]) != wanted:
            raise InputError(
                f"scan has the shape {tuple(yields.shape[1:])} but the solver is built for "
                f"{wanted}: one image per energy and one pixel per column of voxels"
            )
        if not torch.isfinite(yields).all() or yields.min() < 0:
            raise InputError(
                "scan holds values that are negative or not finite; a yield is neither: "
                "mask or repair it"
            )
        if (highest := float(yields.max())) > LARGEST_YIELD:
            raise InputError(
                f"scan reaches {highest:g} electrons per beam electron; "
                "divide counts by the dose first"
            )
