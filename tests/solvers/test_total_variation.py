"""Limits of total variation that can be worked out by hand."""

import pytest
import torch
from torch import Tensor

from sem3d.solvers.total_variation import denoise, total_variation


def random_images(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def objective(images: Tensor, data: Tensor, weight: float) -> Tensor:
    return (images - data).square().sum() / 2 + weight * total_variation(images)


def test_a_constant_stays() -> None:
    flat = torch.tensor([0.3, -2.0]).reshape(2, 1, 1).expand(2, 6, 5)
    torch.testing.assert_close(denoise(flat, 5.0, 20), flat)


def test_weight_zero_returns_the_images() -> None:
    images = random_images(2, 5, 7)
    assert torch.equal(denoise(images, 0.0, 10), images)


def test_a_huge_weight_gives_the_mean_of_each_channel() -> None:
    images = random_images(3, 6, 8)
    mean = images.mean((1, 2), keepdim=True).expand_as(images)
    torch.testing.assert_close(denoise(images, 100.0, 600), mean, atol=1e-4, rtol=0)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_step_shrinks_by_weight_over_width(transposed: bool) -> None:
    """Two halves n wide move towards each other by weight / n each (Strong and Chan 2003)."""
    step = torch.zeros(1, 4, 16, dtype=torch.float64)
    step[..., 10:] = 1
    expected = torch.where(step == 0, 0.2 / 10, 1 - 0.2 / 6).double()
    smooth = denoise(step.mT if transposed else step, 0.2, 400)
    torch.testing.assert_close(smooth.mT if transposed else smooth, expected, atol=1e-4, rtol=0)


def test_channels_share_an_edge_by_the_length_of_their_steps() -> None:
    """Steps of 3 and 4 have length 5: each shrinks in proportion to its share."""
    steps = torch.zeros(2, 3, 10, dtype=torch.float64)
    steps[:, :, 5:] = torch.tensor([3.0, 4.0]).reshape(2, 1, 1)
    smooth = denoise(steps, 1.0, 600)
    jump = smooth[:, 0, 9] - smooth[:, 0, 0]
    torch.testing.assert_close(jump, torch.tensor([3.0, 4.0]).double() * (1 - 0.4 / 5))


def test_the_objective_falls_to_its_least() -> None:
    images = random_images(2, 16, 12)
    values = [float(objective(denoise(images, 0.7, n), images, 0.7)) for n in (5, 20, 80, 1000)]
    assert values == sorted(values, reverse=True)
    assert values[2] == pytest.approx(values[3], rel=1e-3)
    assert values[3] < float(objective(images, images, 0.7))


def test_the_minimum_beats_its_surroundings() -> None:
    images = random_images(1, 8, 8)
    least = denoise(images, 0.4, 3000)
    for seed in range(5):
        nearby = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 0.01
        assert objective(least, images, 0.4) < objective(least + nearby, images, 0.4)


def test_mean_and_symmetry_are_kept() -> None:
    images = random_images(2, 9, 9)
    smooth = denoise(images, 0.5, 60)
    torch.testing.assert_close(smooth.mean((1, 2)), images.mean((1, 2)))
    torch.testing.assert_close(denoise(images.mT, 0.5, 60), smooth.mT)


def test_fields_of_one_row_or_pixel() -> None:
    assert denoise(random_images(2, 1, 9), 0.5, 10).shape == (2, 1, 9)
    single = random_images(2, 1, 1)
    torch.testing.assert_close(denoise(single, 0.5, 10), single)
