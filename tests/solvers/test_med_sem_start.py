"""Ranges, broadening and depth response of electrons."""

import pytest
import torch

from sem3d.chemistry import material
from sem3d.solvers.med_sem_start import (
    broadening_scale,
    depth_shares,
    electron_range_nm,
    mean_weight,
    slice_depths_nm,
    widths_nm,
)
from sem3d.specimen import Beam
from tests.solvers.voxel_mixture import BOX, problem_of


def test_range_of_silicon_by_hand() -> None:
    """27.6 x 28.085 / (14^0.889 x 2.33) = 31.8 nm at 1 keV."""
    found = electron_range_nm(material("Si"), torch.tensor([1.0, 10.0]))
    assert found.tolist() == pytest.approx([31.85, 31.85 * 10**1.67], rel=2e-3)


def test_weight_of_a_compound_is_averaged_by_mass() -> None:
    """SiO2: 46.7 % of 28.085 and 53.3 % of 15.999 give 21.65."""
    assert mean_weight(material("SiO2")) == pytest.approx(21.65, abs=0.02)


def test_broadening_of_silicon_by_hand() -> None:
    """6.25e5 x 14 / 1000 x (2.33 / 28.085)^0.5 x (1e-7)^1.5 cm = 0.797 nm wide at 90 %."""
    assert broadening_scale(material("Si")) == pytest.approx(0.797 / (2 * 2.146), rel=2e-3)


def test_widths_follow_the_law_and_the_spot() -> None:
    beam = Beam([1.0, 4.0], electrons=10, spot_sigma_nm=3.0)
    depths = torch.tensor([0.0, 4.0])
    found = widths_nm(problem_of(beam=beam), depths, torch.tensor([0.5, 1.0]))
    expected = [[[3, 5], [3, 10**0.5]], [[3, 73**0.5], [3, 13**0.5]]]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_shares_sum_to_one_and_sink_with_energy() -> None:
    edges = torch.linspace(0, 20, 6)
    shares = depth_shares(problem_of(), edges, 0.15)
    torch.testing.assert_close(shares.sum(1), torch.ones(7))
    middle = (shares * (edges[1:] + edges[:-1]) / 2).sum(1)
    assert (middle.diff() > 0).all()
    assert shares[0, 0] > 0.8


def test_depths_are_the_middles_of_slices() -> None:
    assert slice_depths_nm(BOX)[:2].tolist() == [1.25, 3.75]
