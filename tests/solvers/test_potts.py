"""What neighbours add to look-up; `test_contract.py` holds for this solver too."""

import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.solvers.lookup import LookUp
from sem3d.solvers.potts import Potts
from sem3d.solvers.priors import SpikeAndSlab
from sem3d.solvers.problem import LayeredProblem
from tests.solvers.conftest import Noisy


def test_without_coupling_it_is_look_up_among_the_states_of_the_start(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    solver = Potts(problem, coupling=0.0, prior=SpikeAndSlab(), level=0.02)
    stabilised = solver.space.unbiased(scan_of(terraces, 0.02), 0.02)
    smooth = solver.start.smooth(stabilised, 0.02).flatten(1)
    listed = solver.start.search.best(smooth, solver.start.remaining * 0.02).unique()
    data = solver.space.compress(stabilised, 0.02).flatten(1).double()
    distance = torch.cdist(data.T, solver.space.states_at(0.02)[:, listed].T)
    nearest = solver.start.search.thickness_nm[:, listed[distance.argmin(1)]]
    found = solver.recover(stabilised, 0.02).thickness_nm.flatten(1)
    assert (found == nearest.float()).float().mean() > 0.999  # ties of float32 aside


def test_voxels_are_better_than_those_of_look_up(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan, truth = scan_of(terraces, 0.03)[None], voxelise(terraces)
    plain, joint = (s(problem, prior=SpikeAndSlab())(scan) for s in (LookUp, Potts))
    wrong = [(found.labels[0] != truth).float().mean() for found in (plain, joint)]
    assert wrong[1] < 0.5 * wrong[0]
    assert joint.uncertainty_nm.mean() < plain.uncertainty_nm.mean()


@pytest.mark.parametrize("sweeps", [1, 3])
def test_tiles_change_nothing(
    sweeps: int, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan = scan_of(terraces, 0.05)[None]
    solver = Potts(problem, sweeps=sweeps, prior=SpikeAndSlab())
    whole = solver(scan)
    solver.tile_beliefs = 1  # a row at a time
    tiled = solver(scan)
    assert torch.equal(tiled.thickness_nm, whole.thickness_nm)
    torch.testing.assert_close(tiled.uncertainty_nm, whole.uncertainty_nm, atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(tiled.ambiguity, whole.ambiguity, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"coupling": -0.5}, r"solver\.coupling is -0\.5; give 0 or a positive number"),
        ({"sweeps": 0}, r"solver\.sweeps is 0; give a whole number of at least 1"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: dict[str, float], told: str, problem: LayeredProblem
) -> None:
    with pytest.raises(InputError, match=told):
        Potts(problem, **arguments)
