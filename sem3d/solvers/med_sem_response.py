"""How much each slice adds to each image and how far it is blurred, measured on the simulator."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.solvers.med_sem_optics import Field
from sem3d.solvers.med_sem_reference import SEED, Arrays, kept
from sem3d.solvers.med_sem_start import (
    broadening_scale,
    matrix_material,
    slice_depths_nm,
    widths_nm,
)
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.specimen import VoxelSpecimen

SPECIMENS = 12
ELECTRONS = 1000
SHARE = 0.03
"""Of the voxels in reference scans hold the material: their signals hardly meet."""
STIFFNESS = 50.0
"""Weight of squared second differences of ln w along depth against half of chi-squared."""
STEPS = 1000
"""Most steps of the fit."""


class Response(NamedTuple):
    """Linear response of the box.

    Attributes:
        weights: w, added yield where a slice is filled everywhere.
        widths_nm: standard deviation of its blur [nm].
    """

    weights: Float[Tensor, "E Z"]
    widths_nm: Float[Tensor, "E Z"]


def measure_response(problem: VoxelProblem) -> Response:
    """Fit w and the blur to scans of single voxels at random places, simulated once.

    One voxel at a time would need thousands of times the electrons: here every pixel sees several.
    """

    def measure() -> Arrays:
        response = fit_response(problem, *sparse_scans(problem))
        return {name: values.numpy() for name, values in response._asdict().items()}

    asked = {"response": [SPECIMENS, ELECTRONS, SHARE]}
    found = kept(problem, asked, measure, __file__)
    return Response(**{name: torch.from_numpy(values) for name, values in found.items()})


def sparse_scans(
    problem: VoxelProblem,
) -> tuple[Float[Tensor, "N Z Y X"], Float[Tensor, "N E Y X"]]:
    """Return where single voxels of the last material lie, 0 or 1, and the yields."""
    rng = np.random.default_rng(SEED)
    beam = replace(problem.beam, electrons=ELECTRONS)
    present = rng.random((SPECIMENS, *problem.box.shape)) < SHARE
    labels = np.where(present, len(problem.box.materials), 1).astype(np.uint8)
    yields = [
        problem.engine.simulate(VoxelSpecimen(each, problem.box), beam, (SEED, 100 + n)).signal
        for n, each in enumerate(labels)
    ]
    return torch.from_numpy(present).float(), torch.from_numpy(np.stack(yields))


def fit_response(
    problem: VoxelProblem,
    present: Float[Tensor, "N Z Y X"],
    yields: Float[Tensor, "N E Y X"],
) -> Response:
    """Least squares; ln w is smooth along depth, the blur has three unknowns, see `widths_nm`.

    Args:
        problem: energies and grid.
        present: where the material is, 0 or 1.
        yields: scans of `ELECTRONS` per pixel and energy.
    """
    field = Field.of(problem.box)
    mean = yields.mean((0, 2, 3))
    error = (mean / ELECTRONS).clamp_min(1e-9).sqrt()[:, None]
    # without the mean over the field, which would need the level of the matrix as another unknown
    source = field.modes(present.float())[..., 1:].permute(2, 1, 0)  # (F, Z, N)
    measured = field.modes(yields.float())[..., 1:].permute(2, 1, 0) / error  # (F, E, N)
    energies, depths = len(mean), slice_depths_nm(problem.box)
    log_weights = torch.full((energies, len(depths)), -5.0, requires_grad=True)
    start = torch.tensor(broadening_scale(matrix_material(problem))).log()
    law = torch.stack([start, torch.tensor(1.5), torch.tensor(1.0)]).requires_grad_()

    def widths() -> Tensor:
        return widths_nm(problem, depths, law[0].exp(), law[1], law[2])

    def loss() -> Tensor:
        transfer = log_weights.exp() * field.blur(widths())[1:]
        misfit = (measured - transfer @ source / error).square().sum() / 2
        return misfit + STIFFNESS * log_weights.diff(n=2, dim=1).square().sum()

    minimise(loss, [log_weights, law])
    return Response(log_weights.exp().detach(), widths().detach())


def minimise(loss: Callable[[], Tensor], unknowns: Sequence[Tensor]) -> None:
    """Change `unknowns` to lower `loss`, by L-BFGS with line search."""
    optimiser = torch.optim.LBFGS(
        unknowns, max_iter=STEPS, tolerance_change=1e-6, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    optimiser.step(closure)
