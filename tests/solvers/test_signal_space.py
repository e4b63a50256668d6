import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.simulate.noise import GaussianNoise, Noise, PoissonNoise
from sem3d.simulate.statistics import RELATIVE
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.signal_space import LOWEST_LEVEL, SignalSpace
from tests.solvers.conftest import Noisy


@pytest.fixture(scope="module")
def space(problem: LayeredProblem) -> SignalSpace:
    return SignalSpace(problem.engine.table(problem.stack, problem.beam).table, RELATIVE)


def test_singular_values_are_the_published_ones(space: SignalSpace) -> None:
    """Shared measurement: rms of the first six components .446 .175 .033 .0042 .0013 .00016."""
    rms = space.states.square().mean(1).sqrt()[:6]
    expected = torch.tensor([0.446, 0.175, 0.033, 0.0042, 0.0013, 0.00016]).double()
    torch.testing.assert_close(rms, expected, rtol=0.05, atol=1e-5)


@pytest.mark.parametrize("level", [0.05, 0.02, 0.005, 1e-4])
def test_what_is_left_out_is_small_against_the_noise(space: SignalSpace, level: float) -> None:
    kept = space.dimensions(level)
    beyond = space.states[kept:].square().sum(0).sqrt()
    assert beyond.max() <= 0.03 * level
    assert 0.03 * level < space.states[kept - 1 :].square().sum(0).sqrt().max()


def test_fewer_directions_matter_in_more_noise(space: SignalSpace) -> None:
    kept = [space.dimensions(level) for level in (0.05, 0.02, 0.005, 1e-3, 1e-5)]
    assert kept == sorted(kept)
    assert kept[1] <= 6


@pytest.mark.parametrize(
    "noise", [GaussianNoise(0.005), GaussianNoise(0.05), PoissonNoise(400)], ids=str
)
def test_the_level_is_found(
    noise: Noise, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    space = SignalSpace(problem.engine.table(problem.stack, problem.beam).table, noise.statistics)
    found = space.estimate_level(scan_of(terraces, noise))
    assert found == pytest.approx(noise.deviation(), rel=0.03)


def test_a_few_broken_pixels_do_not_raise_the_level(
    space: SignalSpace, terraces: Tensor, scan_of: Noisy
) -> None:
    scan = scan_of(terraces, 0.02)
    scan[:, -1] = 0  # one row of 24
    assert space.estimate_level(scan) == pytest.approx(0.02, rel=0.1)


def test_silence_has_the_lowest_level(space: SignalSpace, terraces: Tensor, scan_of: Noisy) -> None:
    assert LOWEST_LEVEL <= space.estimate_level(scan_of(terraces)) < 3 * LOWEST_LEVEL


@pytest.mark.parametrize("level", [0.003, 0.02, 0.05])
def test_few_energies_are_told_the_level_by_neighbours(
    level: float, problem: LayeredProblem, scan_of: Noisy
) -> None:
    table = problem.engine.table(problem.stack, problem.beam).table
    few = SignalSpace(table[::8], RELATIVE)
    maps = torch.zeros(2, 60, 60, dtype=torch.int64)
    maps[0, 10:40, 20:50], maps[1, 25:55, 5:40] = 9, 80
    found = few.estimate_level(scan_of(maps, level)[::8])
    assert found == pytest.approx(level, rel=0.1)


def test_few_energies_and_pixels_tell_no_level() -> None:
    few = SignalSpace(torch.rand(4, 50) + 0.5, RELATIVE)
    with pytest.raises(InputError, match=r"4 energies and a field 2 pixels wide leave nothing"):
        few.estimate_level(torch.rand(4, 3, 2) + 0.5)


def test_components_keep_distances(space: SignalSpace, problem: LayeredProblem) -> None:
    """Projection changes no difference between states."""
    table = problem.engine.table(problem.stack, problem.beam).table
    signals = space.stabilise(table[:, ::37].double())
    components = space.compress(signals, 1e-3)
    apart = torch.cdist(signals.T, signals.T), torch.cdist(components.T, components.T)
    torch.testing.assert_close(apart[0], apart[1], atol=1e-4, rtol=0)
    torch.testing.assert_close(components, space.states_at(1e-3)[:, ::37])


def test_zero_signal_stays_finite(space: SignalSpace) -> None:
    assert space.unbiased(torch.zeros(31, 2, 2), 0.02).isfinite().all()
