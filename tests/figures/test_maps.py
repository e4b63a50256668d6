"""Maps show the numbers they are given, on one scale per layer, with axes and units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from sem3d.figures.maps import (
    draw_thickness_errors,
    draw_thickness_maps,
    error_limit,
    show_map,
)

LAYERS, LIMITS = ("Au", "Al"), (15.0, 150.0)


def test_maps_land_in_row_and_column(thickness, pixels):
    rows = {"truth": {"a": thickness, "b": thickness / 2}, "net": {"b": thickness / 3}}
    figure = draw_thickness_maps(rows, LAYERS, LIMITS)
    panels = np.array(figure.axes[:8]).reshape(2, 4)
    shown = {(i, j): ax.images[0] for (i, j), ax in np.ndenumerate(panels) if ax.images}
    assert sorted(shown) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    np.testing.assert_array_equal(shown[0, 1].get_array(), thickness[1])
    np.testing.assert_array_equal(shown[1, 2].get_array(), thickness[0] / 3)
    assert {shown[key].get_clim() for key in shown} == {(0, 15), (0, 150)}
    assert panels[1, 0].texts[0].get_text() == "not run"
    assert panels[0, 2].get_title() == "b\nAu"
    assert pixels(figure).std() > 10


def test_errors_are_prediction_minus_truth(thickness, pixels):
    low = thickness - np.array([1.0, 20.0])[:, None, None]
    figure = draw_thickness_errors(thickness, {"unet": low, "unet01": thickness}, LAYERS, LIMITS)
    panels = np.array(figure.axes[:12]).reshape(3, 4)
    np.testing.assert_allclose(panels[1, 1].images[0].get_array(), -1)
    np.testing.assert_allclose(panels[1, 3].images[0].get_array(), -20)
    assert panels[1, 3].get_title() == "MAE 20.00 nm"
    assert panels[2, 1].get_title() == "MAE 0.00 nm"
    assert panels[1, 3].images[0].get_clim() == panels[2, 3].images[0].get_clim() == (-20, 20)
    assert [row[0].get_ylabel() for row in panels] == ["truth", "A: unet", "B: unet01"]
    assert pixels(figure).std() > 10


def test_axes_carry_units(thickness):
    figure = draw_thickness_maps({"truth": {"a": thickness}}, LAYERS, LIMITS)
    assert figure.axes[0].get_xlabel() == "x [pixel]"
    assert figure.get_supylabel() == "y [pixel]"
    assert {bar.get_xlabel() for bar in figure.axes[2:]} == {"Au [nm]", "Al [nm]"}


def test_first_row_is_on_top(pixels):
    plane = np.zeros((10, 10))
    plane[0] = 1
    figure = Figure(figsize=(1, 1))
    axes = figure.add_axes((0, 0, 1, 1))
    show_map(axes, plane, "gray", (0.0, 1.0))
    axes.set_axis_off()
    image = pixels(figure)
    assert image[2].mean() > 250
    assert image[-3].mean() < 5


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=40))
def test_error_limit_is_positive_and_within_the_errors(errors):
    limit = error_limit(np.array(errors))
    assert limit >= 1
    assert limit == pytest.approx(max(1, min(limit, np.abs(errors).max())))
