"""Cuts go through all materials, show classes, and outline the truth."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from sem3d.figures.slices import busiest_row, draw_slices, outline, show_cut

CLASSES = ("none", "Au", "Al")


def test_busiest_row_shows_every_material(labels):
    y = busiest_row(labels)
    assert set(np.unique(labels[:, y])) == {0, 1, 2}
    assert 8 <= y < 12


def test_busiest_row_of_nothing_is_the_middle():
    assert busiest_row(np.zeros((4, 10, 6), np.uint8)) == 5


def test_slices_land_in_row_and_column(labels, pixels):
    wrong = np.zeros_like(labels)
    figure = draw_slices({"truth": {"a": labels, "b": labels}, "net": {"a": wrong}}, CLASSES, 10.0)
    panels = np.array(figure.axes[:4]).reshape(2, 2)
    y = busiest_row(labels)
    np.testing.assert_array_equal(panels[0, 1].images[0].get_array(), labels[:, y])
    assert not panels[1, 0].images[0].get_array().any()
    assert panels[1, 1].texts[0].get_text() == "not run"
    assert f"y = {y}" in panels[0, 0].get_title()
    assert figure.get_supylabel() == "depth z [nm]"
    assert pixels(figure).std() > 10


def test_depth_grows_downward_in_nm(labels):
    axes = Figure().subplots()
    show_cut(axes, labels[:, 10], CLASSES, 10.0)
    assert axes.get_ylim() == (160, 0)


@pytest.mark.parametrize("k", [1, 2])
def test_outline_encloses_the_material(k):
    cut = np.zeros((16, 20), np.uint8)
    cut[12:, 5:9] = k
    axes = Figure().subplots()
    outline(axes, cut, 10.0)
    path = axes.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([path.min(0), path.max(0)], [[5, 120], [9, 160]], atol=1e-3)
