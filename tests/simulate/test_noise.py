import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate.noise import GaussianNoise, PoissonNoise
from sem3d.simulate.statistics import COUNTING, RELATIVE, Statistics


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


SCAN = torch.linspace(0.3, 0.9, 5)[:, None, None].expand(5, 200, 200).contiguous()


def test_gaussian_is_multiplicative_with_the_stated_level() -> None:
    relative = GaussianNoise(0.02)(SCAN, generator(1)) / SCAN - 1
    spread = relative.flatten(1).std(1)
    torch.testing.assert_close(spread, torch.full((5,), 0.02), rtol=0.02, atol=0)
    assert relative.mean().abs() < 5 * 0.02 / relative.numel() ** 0.5
    energies = torch.corrcoef(relative.flatten(1))
    assert (energies - torch.eye(5)).abs().max() < 5 / 200


def test_a_range_of_levels_is_drawn_uniformly_per_scan() -> None:
    noise = GaussianNoise((0.0, 0.05))
    levels = torch.tensor([(noise(SCAN, generator(s)) / SCAN - 1).std() for s in range(60)])
    assert levels.min() < 0.01
    assert levels.max() > 0.04
    assert abs(levels.mean() - 0.025) < 0.006


def test_poisson_mean_and_variance() -> None:
    noisy = PoissonNoise(2500)(SCAN, generator(2))
    torch.testing.assert_close(noisy.flatten(1).mean(1), SCAN[:, 0, 0], rtol=1e-3, atol=0)
    torch.testing.assert_close(noisy.flatten(1).var(1), SCAN[:, 0, 0] / 2500, rtol=0.05, atol=0)
    torch.testing.assert_close((noisy * 2500).round(), noisy * 2500)


def test_log_uniform_doses() -> None:
    noise = PoissonNoise([100, 10000])
    flat = torch.full((1, 100, 100), 0.5)
    doses = torch.tensor([0.5 / noise(flat, generator(s)).var() for s in range(60)])
    assert 700 < doses.log().mean().exp() < 1400


@pytest.mark.parametrize("noise", [GaussianNoise(0.02), PoissonNoise(100.0)])
def test_the_generator_alone_decides_and_the_scan_is_kept(
    noise: GaussianNoise | PoissonNoise,
) -> None:
    before = SCAN.clone()
    first, second = noise(SCAN, generator(7)), noise(SCAN, generator(7))
    assert torch.equal(first, second)
    assert not torch.equal(first, noise(SCAN, generator(8)))
    assert torch.equal(SCAN, before)


def test_no_noise_is_the_scan_itself() -> None:
    assert torch.equal(GaussianNoise(0.0)(SCAN, generator(0)), SCAN)


@pytest.mark.parametrize("level", [-0.1, (0.05, 0.0), float("nan"), float("inf")])
def test_impossible_levels_are_refused(level: object) -> None:
    with pytest.raises(InputError, match=r"noise\.level is"):
        GaussianNoise(level)


def test_impossible_dose_is_refused() -> None:
    with pytest.raises(InputError, match=r"noise\.electrons is 0"):
        PoissonNoise(0)


def test_provenance_names_kind_and_amount() -> None:
    assert GaussianNoise(0.02).provenance == {"kind": "gaussian", "level": 0.02}
    assert PoissonNoise(10).provenance == {"kind": "poisson", "electrons": 10}


@pytest.mark.parametrize("noise", [GaussianNoise(0.02), GaussianNoise(0.05), PoissonNoise(2500)])
def test_stabilised_noise_is_alike_at_every_signal(noise: GaussianNoise | PoissonNoise) -> None:
    stabilised = noise.statistics.stabilise(noise(SCAN.double(), generator(3)))
    clean = noise.statistics.stabilise(SCAN.double())
    spread = stabilised.flatten(1).std(1)
    torch.testing.assert_close(
        spread, torch.full_like(spread, noise.deviation()), rtol=0.02, atol=0
    )
    moved = (stabilised - clean).flatten(1).mean(1)
    expected = noise.deviation() ** 2 * noise.statistics.shift(SCAN[:, 0, 0].double())
    assert (moved - expected).abs().max() < 5 * noise.deviation() / 200


@pytest.mark.parametrize("statistics", [RELATIVE, COUNTING])
def test_slope_is_the_derivative(statistics: Statistics) -> None:
    signal = torch.linspace(0.1, 1, 7, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(statistics.stabilise(signal).sum(), signal)
    torch.testing.assert_close(statistics.slope(signal.detach()), slope)


def test_statistics_are_equal_by_kind() -> None:
    assert GaussianNoise(0.1).statistics == GaussianNoise(0.2).statistics == RELATIVE
    assert PoissonNoise(5).statistics == COUNTING != RELATIVE


@pytest.mark.parametrize("noise", [GaussianNoise((0.0, 0.1)), PoissonNoise([5, 10])])
def test_a_range_has_no_single_deviation(noise: GaussianNoise | PoissonNoise) -> None:
    with pytest.raises(InputError, match="a range; give one number"):
        noise.deviation()
