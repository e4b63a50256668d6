"""What measuring areas as a whole adds; `test_contract.py` holds for this solver too."""

import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.solvers.potts import Potts
from sem3d.solvers.priors import SpikeAndSlab
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.terraces import Terraces
from tests.solvers.conftest import Noisy


@pytest.fixture
def ambiguous() -> Tensor:
    """Aluminium alone (2, 40, 40), which pixels at 5 % noise take for 2 nm of gold."""
    maps = torch.zeros(2, 40, 40, dtype=torch.int64)
    maps[1, 5:35, 5:35] = 50
    maps[0, 15:30, 12:20] = 8
    return maps


def test_an_area_tells_what_its_pixels_cannot(
    problem: LayeredProblem, ambiguous: Tensor, scan_of: Noisy
) -> None:
    scan, truth = scan_of(ambiguous, 0.05)[None], voxelise(ambiguous)
    pixels, areas = (s(problem, prior=SpikeAndSlab())(scan) for s in (Potts, Terraces))
    wrong = [(found.labels[0] != truth).float().mean() for found in (pixels, areas)]
    assert wrong[1] < 0.1 * wrong[0]


def test_few_thicknesses_are_used(
    problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    found = Terraces(problem, prior=SpikeAndSlab())(scan_of(terraces, 0.03)[None])
    assert len(found.thickness_nm[0, 0].unique()) == 3
    assert len(found.thickness_nm[0, 1].unique()) == 3


def test_a_slope_is_kept_where_noise_allows(problem: LayeredProblem, scan_of: Noisy) -> None:
    """Terraces are preferred, not forced: a wedge of gold stays a wedge."""
    wedge = torch.zeros(2, 24, 32, dtype=torch.int64)
    wedge[0] = torch.arange(32) // 2
    found = Terraces(problem, prior=SpikeAndSlab())(scan_of(wedge, 0.01)[None])
    assert (found.thickness_nm[0] - wedge).abs().mean() < 0.1


def test_tiny_fields(problem: LayeredProblem, scan_of: Noisy) -> None:
    pixel = torch.tensor([9, 60]).reshape(2, 1, 1)
    for maps in (pixel, pixel.expand(2, 1, 7), pixel.expand(2, 2, 1)):
        found = Terraces(problem, level=0.001)(scan_of(maps)[None])
        assert torch.equal(found.thickness_nm[0], maps.float())


def test_the_next_area_prefers_a_known_thickness(problem: LayeredProblem) -> None:
    """Area 1 measures halfway between 120 nm and 121 nm of aluminium, which area 0 has."""
    solver = Terraces(problem, prior=SpikeAndSlab())
    states = solver.space.states_at(0.02) / 0.02
    less, more = 120, 121  # index of a state without gold
    size = torch.tensor([500.0, 20.0], dtype=torch.float64)
    between = (states[:, less] + states[:, more]) / 2
    total = torch.stack([500 * states[:, more], 20 * between], 1)
    bias = -0.5 * states.square().sum(0)
    now = torch.tensor([more, less])
    assert solver._choose(now, size, total, states, bias).tolist() == [more, more]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"coupling": -0.5}, r"solver\.coupling is -0\.5; give 0 or a positive number"),
        ({"rounds": 0}, r"solver\.rounds is 0; give a whole number of at least 1"),
        ({"novelty": 1.0}, r"solver\.novelty is 1\.0; give a probability between 0 and 1"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: dict[str, float], told: str, problem: LayeredProblem
) -> None:
    with pytest.raises(InputError, match=told):
        Terraces(problem, **arguments)
