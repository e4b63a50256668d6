"""Curves of the voxel problem: points, missing values, directions."""

import numpy as np

from sem3d.figures.voxel_curves import Sizes, draw_depths, draw_resolution, draw_scores


def curve(*points):
    return np.array(points, float)


def labels_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_scores_and_printed_values(pixels):
    runs = {"lite": curve((0, 0.1), (5, 0.6)), "small": curve((0, 0.2), (5, 0.7))}
    figure = draw_scores(runs, {"Lite": 0.796, "Small": 0.826}, "validation IoU")
    (axes,) = figure.axes
    assert axes.get_ylabel() == "validation IoU"
    assert {t.get_text() for t in axes.texts} == {"Lite 0.796", "Small 0.826"}
    assert labels_of(figure) == ["lite", "small"]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), runs["lite"])
    assert pixels(figure).std() > 5


def test_depth_grows_downward_and_missing_slices_have_no_point(pixels):
    panels = {
        "cubes": {"net": (0.5, None, 1.0)},
        "wires": {"net": (1.0, 0.9, 0.8), "b": (0.1,) * 3},
    }
    figure = draw_depths(panels, 2.0, "Cu")
    first, second = figure.axes
    assert first.get_ylim() == (6, 0)
    x, y = first.lines[0].get_data()
    np.testing.assert_array_equal(x, [0.5, np.nan, 1.0])
    np.testing.assert_array_equal(y, [1, 3, 5])
    assert second.get_title(loc="left") == "wires"
    assert labels_of(figure) == ["net", "b"]
    assert pixels(figure).std() > 5


def test_a_predictor_looks_the_same_in_every_panel():
    panels = {"a": {"x": (1.0,), "y": (0.5,)}, "b": {"y": (0.4,)}}
    first, second = draw_depths(panels, 1.0, "Cu").axes
    same = first.lines[1], second.lines[0]
    assert same[0].get_color() == same[1].get_color()
    assert same[0].get_marker() == same[1].get_marker()


def test_resolution_has_one_panel_for_each_size(pixels):
    curves = {"net": curve((1, 0.2), (2, 0.9)), "other": curve((1, 0.0), (2, 0.1))}
    panels = [Sizes(f"top at {d} nm", "width [nm]", "IoU", curves) for d in (0, 4, 8, 12)]
    figure = draw_resolution(panels)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in drawn] == [p.title for p in panels]
    halves = [line.get_ydata()[0] for axes in drawn for line in axes.lines[-1:]]
    assert halves == [0.5] * 4
    assert labels_of(figure) == ["net", "other"]
    assert pixels(figure).std() > 5
