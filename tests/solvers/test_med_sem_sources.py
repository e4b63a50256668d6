"""Blind separation: start, fit, depth order, placing."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from sem3d.solvers.med_sem_optics import Field
from sem3d.solvers.med_sem_sources import Mixture, components, placed
from tests.solvers.voxel_mixture import BOX, problem_of

DRAW = torch.Generator().manual_seed(1)


def start(yields: Tensor, count: int = 4) -> Mixture:
    base = torch.full((len(yields), 7, 1, 1), 0.1)
    return Mixture.start(problem_of(), Field.of(BOX), base, yields, count, 0.12)


def sources(batch: int = 1, count: int = 4) -> Tensor:
    return torch.rand(batch, count, 10, 12, generator=torch.Generator().manual_seed(3))


def images(mixture: Mixture, slices: Tensor) -> Tensor:
    return mixture.imaging.expected(mixture.imaging.straight(slices))


def test_the_start_is_as_bright_as_the_brightest_pixels() -> None:
    yields = torch.full((2, 7, 10, 12), 0.1)
    yields[:, :, :5] = 0.4
    mixture = start(yields)
    torch.testing.assert_close(mixture.weights.sum(2), torch.full((2, 7), 0.3))


def test_deeper_sources_have_higher_energies() -> None:
    assert (start(0.3 * torch.ones(1, 7, 10, 12), 6).centroids.diff() > 0).all()


def test_fits_approach_the_true_mixture() -> None:
    """With the sources known, weights and blur go from a wrong start towards the truth."""
    first = start(0.4 * torch.ones(1, 7, 10, 12))
    factor = 0.5 + torch.rand(1, 7, 4, generator=DRAW)
    truth = replace(first, weights=first.weights * factor, scale=first.scale / 1.5)
    yields = images(truth, sources())
    mixture = first
    for _ in range(300):
        mixture = mixture.fitted(yields, sources())
    assert (images(mixture, sources()) / yields - 1).abs().max() < 0.01
    assert mixture.scale.item() == pytest.approx(truth.scale.item(), rel=0.1)
    wrong = (first.weights - truth.weights).abs().sum()
    assert (mixture.weights - truth.weights).abs().sum() < 0.2 * wrong


def test_the_true_mixture_stays() -> None:
    truth = start(0.4 * torch.ones(1, 7, 10, 12))
    fitted = truth.fitted(images(truth, sources()), sources())
    torch.testing.assert_close(fitted.weights, truth.weights, rtol=1e-4, atol=1e-6)
    assert torch.equal(fitted.scale, truth.scale)


def test_depths_follow_the_centroids() -> None:
    first = start(0.4 * torch.ones(1, 7, 10, 12))
    torch.testing.assert_close(first.depths_found_nm(first)[0], first.depths_nm)
    swapped = replace(first, weights=first.weights.flip(2))
    torch.testing.assert_close(swapped.depths_found_nm(first)[0], first.depths_nm.flip(0))


def test_placing_sorts_by_depth_and_is_linear_between() -> None:
    """Sources of 0.2 at 13.75 nm and 1 at 3.75 nm on slices of 2.5 nm."""
    slices = torch.stack([torch.full((3, 3), 0.2), torch.ones(3, 3)])[None]
    found = placed(slices, torch.tensor([[13.75, 3.75]]), problem_of())[0, :, 0, 0]
    assert found.tolist() == pytest.approx([1, 1, 0.8, 0.6, 0.4, 0.2, 0.2, 0.2])


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_components_above_noise_are_counted(rank: int) -> None:
    """Signals of `rank` independent images, far above counting noise."""
    draw = torch.Generator().manual_seed(rank)
    dose, base = 1e4, torch.full((1, 7, 1, 1), 0.1)
    mixing, slices = torch.rand(7, rank, generator=draw), torch.rand(rank, 900, generator=draw)
    clean = base + 0.1 * (mixing @ slices).unflatten(1, (30, 30))
    yields = torch.poisson(clean * dose, draw) / dose
    assert components(yields, base, dose).item() == rank
