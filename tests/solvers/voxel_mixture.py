"""A simulator whose images are exactly the mixture that multi-energy deconvolution assumes."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sem3d.solvers.med_sem_optics import Field, Imaging, away_from_zero
from sem3d.solvers.med_sem_start import depth_shares, slice_depths_nm, widths_nm
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.specimen import Beam, Scan, VoxelBox, VoxelSpecimen

BOX = VoxelBox(("Si", "Cu"), (8, 10, 12), (2.5, 1.0, 1.0))
BEAM = Beam([0.5, 0.8, 1.2, 1.7, 2.5, 4.0, 7.0], electrons=2000)


class MixtureEngine:
    """Bare yield, plus slices weighted by depth, blurred and added up; counting noise on request.

    Args:
        bend: curvature of the response, see `Imaging`.
        scale: of the blur, see `widths_nm`.
        noisy: whether electrons are counted.
    """

    def __init__(self, bend: float = 0.0, scale: float = 0.1, noisy: bool = False) -> None:
        self.bend, self.scale, self.noisy = bend, scale, noisy
        self.calls = 0

    @property
    def provenance(self) -> dict[str, Any]:
        return {"engine": "mixture", "bend": self.bend, "scale": self.scale, "noisy": self.noisy}

    def weights(self, box: VoxelBox, beam: Beam) -> Tensor:
        """Added yield per slice: 0.3 in all, more of it from above at low energies."""
        edges = torch.arange(box.shape[0] + 1) * box.voxel_nm[0]
        return 0.3 * depth_shares(VoxelProblem(box, beam, self), edges, 0.15)

    def widths(self, box: VoxelBox, beam: Beam) -> Tensor:
        problem = VoxelProblem(box, beam, self)
        return widths_nm(problem, slice_depths_nm(box), torch.tensor(self.scale))

    def simulate(self, specimen: VoxelSpecimen, beam: Beam, seed: tuple[int, int] = (0, 0)) -> Scan:
        self.calls += 1
        box = specimen.box
        field = Field.of(box)
        transfer = self.weights(box, beam) * field.blur(self.widths(box, beam))
        base = 0.2 / torch.tensor(beam.energies_keV).sqrt()[:, None, None]
        bend = away_from_zero(torch.full_like(base, self.bend))
        imaging = Imaging(field, transfer[None], base, bend)
        present = torch.from_numpy(specimen.labels == len(box.materials)).float()[None]
        yields = imaging.expected(imaging.straight(present))[0].numpy()
        if self.noisy:
            rng = np.random.default_rng(seed)
            yields = rng.poisson(yields * beam.electrons) / beam.electrons
        told = self.provenance | {"seed": list(seed)}
        return Scan(yields.astype(np.float32), beam, told, electrons=beam.electrons)


def problem_of(engine: MixtureEngine | None = None, **changes: Any) -> VoxelProblem:
    """The small problem, with some of its parts replaced."""
    return replace(VoxelProblem(BOX, BEAM, engine or MixtureEngine()), **changes)


def specimen_of(*cuboids: tuple[slice, slice, slice], box: VoxelBox = BOX) -> VoxelSpecimen:
    """Copper cuboids in silicon."""
    labels = np.ones(box.shape, np.uint8)
    for cuboid in cuboids:
        labels[cuboid] = len(box.materials)
    return VoxelSpecimen(labels, box)


UPPER = (slice(0, 3), slice(1, 5), slice(2, 6))
LOWER = (slice(5, 8), slice(5, 9), slice(7, 11))


def iou(found: Any, specimen: VoxelSpecimen) -> float:
    """Overlap of the last material."""
    last = len(specimen.box.materials)
    ours, true = np.asarray(found) == last, specimen.labels == last
    return float((ours & true).sum() / (ours | true).sum())


def depth_of(score: Any) -> float:
    """Mean slice of a score (Z, Y, X)."""
    weights = np.asarray(score).sum((1, 2))
    return float((weights * np.arange(len(weights))).sum() / weights.sum())
