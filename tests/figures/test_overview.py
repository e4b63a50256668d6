"""The opening picture holds scans, truth, prediction, error and a profile per layer."""

import numpy as np
import pytest

from sem3d.figures.overview import cut_row, draw_overview


@pytest.fixture
def scan():
    return np.random.default_rng(0).uniform(0.49, 0.9, (31, 24, 32))


def test_overview_shows_what_it_is_given(scan, thickness, pixels):
    energies = np.arange(5, 36.0)
    figure = draw_overview(scan, energies, thickness, thickness + 1, ("Au", "Al"), (15.0, 150.0))
    panels = np.array(figure.axes[:12]).reshape(3, 4)
    assert [ax.get_title() for ax in panels[0]] == [
        f"scan at {energy} keV" for energy in (5, 15, 25, 35)
    ]
    np.testing.assert_array_equal(panels[0, 3].images[0].get_array(), scan[30])
    np.testing.assert_array_equal(panels[1, 0].images[0].get_array(), thickness[0])
    np.testing.assert_array_equal(panels[2, 2].images[0].get_array(), 1)
    profile = panels[2, 3].get_lines()
    np.testing.assert_array_equal(profile[0].get_ydata() - profile[1].get_ydata(), 1)
    assert pixels(figure).std() > 10


@pytest.mark.parametrize("energies", [1, 2])
def test_few_energies_leave_panels_empty(scan, thickness, energies):
    keV = np.arange(5.0, 5 + energies)
    figure = draw_overview(scan[:energies], keV, thickness, thickness, ("Au", "Al"), (15.0, 150.0))
    assert [bool(ax.images) for ax in figure.axes[:4]] == [n < energies for n in range(4)]


def test_cut_goes_where_the_thickness_varies_most():
    plane = np.zeros((10, 12))
    plane[7, :6] = 5
    assert cut_row(plane) == 7
