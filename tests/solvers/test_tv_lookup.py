"""What smoothing adds to look-up; `test_contract.py` holds for this solver too."""

import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.solvers.lookup import LookUp
from sem3d.solvers.priors import SpikeAndSlab
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.tv_lookup import TVLookUp
from tests.solvers.conftest import Noisy


def test_without_smoothing_it_is_look_up(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan = scan_of(terraces, 0.02)[None]
    plain = LookUp(problem, SpikeAndSlab())(scan)
    smooth = TVLookUp(problem, weight=0.0, remaining=1.0, prior=SpikeAndSlab())(scan)
    torch.testing.assert_close(smooth.thickness_nm, plain.thickness_nm)
    torch.testing.assert_close(smooth.ambiguity, plain.ambiguity)


def test_voxels_are_better_than_those_of_look_up(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan, truth = scan_of(terraces, 0.05)[None], voxelise(terraces)
    plain, smooth = (s(problem, prior=SpikeAndSlab())(scan) for s in (LookUp, TVLookUp))
    wrong = [(found.labels[0] != truth).float().mean() for found in (plain, smooth)]
    assert wrong[1] < 0.5 * wrong[0]


def test_smoothing_knows_the_noise(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    """The weight counts noise levels: without noise nothing is smoothed away."""
    solver = TVLookUp(problem, weight=3.0)
    pixel = torch.zeros_like(terraces)
    pixel[0, 5, 5] = 7
    assert torch.equal(solver(scan_of(pixel)[None]).thickness_nm[0], pixel.float())
    assert solver(scan_of(pixel, 0.05)[None]).thickness_nm[0, 0, 5, 5] < 7


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"weight": -1.0}, r"solver\.weight is -1\.0; give 0 or a positive"),
        ({"weight": float("nan")}, r"solver\.weight is nan"),
        ({"remaining": 0.0}, r"solver\.remaining is 0\.0; give a share above 0, at most 1"),
        ({"steps": 0}, r"solver\.steps is 0; give a whole number of at least 1"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: dict[str, float], told: str, problem: LayeredProblem
) -> None:
    with pytest.raises(InputError, match=told):
        TVLookUp(problem, **arguments)
