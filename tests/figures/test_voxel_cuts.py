"""Cuts and error maps of small volumes: what stands where, in which colour."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sem3d.figures.colours import material_colour
from sem3d.figures.voxel_cuts import Volume, draw_cuts, draw_wrong, middle

CLASSES = ("none", "Si", "Cu")
NM = (1.0, 1.0, 1.0)


def cube(low=(0, 2, 4), width=3):
    labels = np.ones((8, 8, 8), np.uint8)
    labels[tuple(slice(a, a + width) for a in low)] = 2
    return labels


@pytest.fixture
def rows():
    found = {"a": Volume(cube((1, 2, 4)), "IoU 0.5"), "b": Volume(cube())}
    truth = {"a": Volume(cube()), "b": Volume(cube())}
    return {"truth": truth, "net": found, "late": {"b": Volume(cube())}}


def images(figure):
    """Arrays shown, panel by panel."""
    return [np.asarray(i.get_array()) for axes in figure.axes for i in axes.get_images()]


def test_cuts_go_through_the_middle_of_the_true_body(rows):
    above, along_y, along_x = images(draw_cuts(rows, CLASSES, NM))[:3]
    truth = cube()
    np.testing.assert_array_equal(above, truth[1])
    np.testing.assert_array_equal(along_y, truth[:, 3])
    np.testing.assert_array_equal(along_x, truth[:, :, 5])


def test_the_same_places_are_cut_in_every_row(rows):
    shown = images(draw_cuts(rows, CLASSES, NM))
    np.testing.assert_array_equal(shown[6], rows["net"]["a"].labels[1])
    assert len(shown) == 3 * (2 + 2 + 1)  # the last row lacks a specimen


def test_colours_are_those_of_the_materials(rows, pixels):
    drawn = pixels(draw_cuts(rows, CLASSES, NM)).reshape(-1, 3) / 255
    for name in ("Si", "Cu"):
        distance = np.abs(drawn - to_rgb(material_colour(name))).max(1)
        assert (distance < 0.01).mean() > 0.01, name


def test_names_and_words_are_shown(rows):
    figure = draw_cuts(rows, CLASSES, NM)
    titles = {axes.get_title() for axes in figure.axes}
    assert {"a\n", "b\n", "IoU 0.5"} <= titles
    assert {"truth", "net", "late"} <= {axes.get_ylabel() for axes in figure.axes}


def test_wrong_voxels_are_counted_along_the_view(rows):
    figure = draw_wrong(rows, NM)
    wrong = rows["net"]["a"].labels != cube()
    shown = images(figure)
    for found, axis in zip(shown, range(3), strict=False):
        np.testing.assert_array_equal(found, wrong.sum(axis))
    assert "truth" not in {axes.get_ylabel() for axes in figure.axes}
    assert "a\nIoU 0.5" in {axes.get_title() for axes in figure.axes}


def test_perfect_volumes_have_an_empty_map(rows):
    right = {"truth": rows["truth"], "net": rows["truth"]}
    assert not any(image.any() for image in images(draw_wrong(right, NM)))


def test_the_fullest_slices_are_in_the_middle():
    assert middle(cube() == 2) == (1, 3, 5)
    assert middle(cube((0, 0, 0), 8) == 2) == (3, 3, 3)
    assert middle(np.zeros((4, 4, 4), bool)) == (1, 1, 1)


def test_boxes_and_voxels_need_not_be_cubes(pixels):
    labels = np.ones((4, 6, 9), np.uint8)
    labels[1:3, 2:4, 3:8] = 2
    rows = {"truth": {"a": Volume(labels)}, "net": {"a": Volume(np.ones_like(labels))}}
    for figure in (draw_cuts(rows, CLASSES, (2.0, 1.0, 0.5)), draw_wrong(rows, (2.0, 1.0, 0.5))):
        assert pixels(figure).std() > 5
