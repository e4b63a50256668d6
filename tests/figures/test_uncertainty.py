"""Errors and reported deviations stand beside each other on one scale."""

import numpy as np
import pytest

from sem3d.figures.uncertainty import Doubt, draw_uncertainty

LAYERS, LIMITS = ("Au", "Al"), (15.0, 150.0)


@pytest.fixture
def doubt(thickness):
    plane = np.linspace(0, 2, thickness[0].size).reshape(thickness[0].shape)
    return Doubt(thickness, thickness - 3, thickness / 10, plane, plane / 2)


def shown(figure):
    panels = [axes for axes in figure.axes if axes.get_title()]
    return {axes.get_title(): axes for axes in panels}


def test_error_is_absolute(doubt):
    np.testing.assert_allclose(doubt.error_nm, 3)


def test_every_panel_is_named_and_filled(doubt, pixels):
    figure = draw_uncertainty({"test 0": doubt}, LAYERS, LIMITS)
    panels = shown(figure)
    assert len(panels) == 8
    np.testing.assert_allclose(panels["Au: absolute error [nm]"].images[0].get_array(), 3)
    spread = panels["Al: expected error [nm]"].images[0]
    np.testing.assert_array_equal(spread.get_array(), doubt.uncertainty_nm[1])
    assert spread.get_clim() == panels["Al: absolute error [nm]"].images[0].get_clim()
    assert panels["residual [noise variance]"].images[0].get_clim() == (0, 2)
    assert panels["ambiguity [probability]"].images[0].get_clim() == (0, 1)
    assert panels["found Au [nm]"].get_ylabel() == "test 0"
    assert pixels(figure).std() > 10


def test_specimens_stand_below_each_other(doubt):
    figure = draw_uncertainty({"a": doubt, "b": doubt}, LAYERS, LIMITS)
    assert [a.get_title() for a in figure.axes].count("found Al [nm]") == 2
    assert {a.get_ylabel() for a in figure.axes} >= {"a", "b"}


def test_what_is_not_reported_stays_empty(thickness):
    bare = Doubt(thickness[:1], thickness[:1], thickness[:1])
    figure = draw_uncertainty({"a": bare}, LAYERS[:1], LIMITS[:1])
    assert set(shown(figure)) == {
        "found Au [nm]",
        "Au: absolute error [nm]",
        "Au: expected error [nm]",
    }
