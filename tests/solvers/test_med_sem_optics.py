"""Blur and mixture of depth slices."""

import pytest
import torch

from sem3d.solvers.med_sem_optics import Field, Imaging, away_from_zero, bend_to, cosine_matrix
from sem3d.specimen import VoxelBox

BOX = VoxelBox(("Si", "Cu"), (3, 21, 25), (1.0, 1.0, 0.5))
FIELD = Field.of(BOX)


def blurred(image: torch.Tensor, width_nm: float) -> torch.Tensor:
    transfer = FIELD.blur(torch.full((1, 1), width_nm))[:, 0, 0]
    return FIELD.images(FIELD.modes(image) * transfer)


def test_cosines_are_orthonormal() -> None:
    matrix = cosine_matrix(13)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(13), atol=1e-6, rtol=0)


def test_a_point_becomes_a_gaussian_of_the_width() -> None:
    """Sum 1, never negative, standard deviation as told in nm along both axes."""
    point = torch.zeros(21, 25)
    point[10, 12] = 1
    image = blurred(point, 1.3)
    assert image.min() > -1e-6
    assert image.sum() == pytest.approx(1, abs=1e-5)
    y, x = torch.arange(21.0) - 10, 0.5 * (torch.arange(25.0) - 12)
    assert (image.sum(1) * y**2).sum() == pytest.approx(1.3**2, rel=0.01)
    assert (image.sum(0) * x**2).sum() == pytest.approx(1.3**2, rel=0.01)
    assert torch.equal(blurred(point, 0.0).round(decimals=5), point)


def test_walls_are_mirrors() -> None:
    """A field of two halves, each the other's image, blurs like one half between mirrors."""
    half = torch.rand(21, 25, generator=torch.Generator().manual_seed(1))
    double = Field.of(VoxelBox(("Si", "Cu"), (3, 21, 50), (1.0, 1.0, 0.5)))
    both = torch.cat([half, half.flip(1)], 1)
    wide = double.images(double.modes(both) * double.blur(torch.tensor([[2.0]]))[:, 0, 0])
    torch.testing.assert_close(wide[:, :25], blurred(half, 2.0), atol=1e-5, rtol=0)


def imaging(bend: float = 0.0, scans: int = 1) -> Imaging:
    draw = torch.Generator().manual_seed(2)
    weights = torch.rand(scans, 1, 4, 3, generator=draw)
    widths = 2 * torch.rand(scans, 4, 3, generator=draw)
    base = torch.full((4, 1, 1), 0.1)
    return Imaging(
        FIELD, weights * FIELD.blur(widths), base, away_from_zero(torch.full_like(base, bend))
    )


@pytest.mark.parametrize("scans", [1, 2])
def test_back_is_the_transpose_of_straight(scans: int) -> None:
    draw = torch.Generator().manual_seed(3)
    slices = torch.rand(2, 3, 21, 25, generator=draw)
    images = torch.rand(2, 4, 21, 25, generator=draw)
    one = imaging(scans=scans)
    there, back = (one.straight(slices) * images).sum(), (slices * one.back(images)).sum()
    torch.testing.assert_close(there, back, rtol=1e-4, atol=0)


def test_scans_may_have_their_own_mixture() -> None:
    slices = torch.rand(2, 3, 21, 25, generator=torch.Generator().manual_seed(4))
    pair = imaging(scans=2)
    alone = Imaging(FIELD, pair.transfer[1:], pair.base, pair.bend)
    torch.testing.assert_close(pair.straight(slices)[1:], alone.straight(slices[1:]))


@pytest.mark.parametrize("bend", [0.0, 2.0, -2.0])
def test_expected_bends_as_told(bend: float) -> None:
    one = imaging(bend)
    signal = torch.full((1, 4, 21, 25), 0.3, requires_grad=True)
    value = one.expected(signal)
    value.sum().backward()
    torch.testing.assert_close(signal.grad, one.slope(signal).detach())
    added = value.mean().item() - 0.1
    assert added == pytest.approx(0.3, abs=1e-4) if bend == 0 else (added < 0.3) == (bend > 0)


def test_bend_to_reaches_the_full_yield() -> None:
    straight = torch.tensor([0.5, 0.2, 0.1])[:, None, None]
    full = torch.tensor([0.1, 0.2, 0.15])[:, None, None]
    bend = bend_to(full, straight)
    torch.testing.assert_close(-torch.expm1(-bend * straight) / bend, full, atol=1e-5, rtol=0)
    assert bend[0] > 1
    assert bend[1].abs() < 0.01
    assert bend[2] < -1
