"""Bounded multiplicative deconvolution."""

import pytest
import torch

from sem3d.solvers.med_sem_deconvolution import EDGE, START, deconvolve, flattening
from sem3d.solvers.med_sem_optics import FLAT, Field, Imaging
from sem3d.specimen import VoxelBox

BOX = VoxelBox(("Si", "Cu"), (3, 14, 16))
DOSE = 2000.0


def imaging(bend: float = FLAT) -> Imaging:
    """Three slices with clearly different depth responses at five energies."""
    field = Field.of(BOX)
    weights = torch.tensor(
        [[0.3, 0.0, 0.0], [0.2, 0.1, 0.0], [0.15, 0.15, 0.05], [0.1, 0.1, 0.1], [0.05, 0.07, 0.15]]
    )
    widths = torch.tensor([0.2, 0.7, 1.2]).expand(5, 3)
    base = torch.full((5, 1, 1), 0.1)
    transfer = (weights * field.blur(widths))[None]
    return Imaging(field, transfer, base, torch.full_like(base, bend))


def slices() -> torch.Tensor:
    truth = torch.zeros(1, 3, 14, 16)
    truth[0, 0, 2:8, 3:9] = 1
    truth[0, 1, 5:11, 6:14] = 1
    truth[0, 2, 8:13, 2:7] = 1
    return truth


@pytest.mark.parametrize("bend", [FLAT, 3.0])
def test_a_known_mixture_is_undone(bend: float) -> None:
    one = imaging(bend)
    yields = one.expected(one.straight(slices()))
    found = deconvolve(yields, one, DOSE, 300, 0.0, torch.full_like(slices(), START))
    assert (found - slices()).abs().mean() < 0.03
    assert torch.equal(found > 0.5, slices() > 0.5)


def test_with_counting_noise_smoothness_helps() -> None:
    """A block through all slices, whose edges total variation keeps."""
    one, draw = imaging(), torch.Generator().manual_seed(1)
    block = torch.zeros(1, 3, 14, 16)
    block[..., 3:11, 4:12] = 1
    yields = torch.poisson(200 * one.expected(one.straight(block)), draw) / 200
    start = torch.full_like(block, START)
    rough, smooth = (deconvolve(yields, one, 200.0, 100, w, start) for w in (0.0, 1.0))
    errors = [(found - block).abs().mean() for found in (rough, smooth)]
    assert errors[1] < 0.8 * errors[0]
    assert ((smooth > 0.5) == (block > 0.5)).float().mean() > 0.98


def test_the_truth_stays() -> None:
    """Without noise the truth is where the rounds end."""
    one = imaging()
    inside = slices().clamp(0.2, 0.8)
    yields = one.expected(one.straight(inside))
    found = deconvolve(yields, one, DOSE, 5, 0.0, inside)
    torch.testing.assert_close(found, inside, atol=1e-4, rtol=0)


def test_more_rounds_explain_the_counts_better() -> None:
    one = imaging()
    yields = one.expected(one.straight(slices()))
    start = torch.full_like(slices(), START)

    def misfit(rounds: int) -> float:
        found = deconvolve(yields, one, DOSE, rounds, 0.0, start)
        return float((one.expected(one.straight(found)) - yields).square().sum())

    assert misfit(50) < misfit(10) < misfit(1)


def test_flattening_is_the_gradient_of_the_total_variation() -> None:
    volume = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(2)).requires_grad_()
    variation = sum((volume.diff(dim=d).square() + EDGE**2).sqrt().sum() for d in (1, 2, 3))
    variation.backward()
    torch.testing.assert_close(flattening(volume.detach()), -volume.grad, atol=1e-5, rtol=1e-4)
