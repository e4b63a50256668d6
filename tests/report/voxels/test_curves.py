"""Curves by epoch and by depth."""

import numpy as np

from sem3d.report.reading import read_result
from sem3d.report.voxels.curves import depth_figure, figure_4


def test_validation_score_by_epoch():
    curve = np.array([[0, 0.1], [5, 0.6]])
    picture = figure_4({"lite": {"val/score": curve, "val/loss": curve}})
    (axes,) = picture.figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), curve)
    assert {t.get_text() for t in axes.texts} >= {"Lite 0.796", "Moderate 0.953"}
    assert "on the test set, which also chose" in picture.caption


def test_depth_has_one_panel_for_each_data_set(write_voxels):
    paths = [write_voxels(n, "unet3d", d) for n in "ab" for d in ("nanocube", "voxels")]
    results = [read_result(path) for path in paths]
    figure = depth_figure(results).figure
    assert len(figure.axes) == 2
    titles = {axes.get_title(loc="left") for axes in figure.axes}
    assert titles == {"nanocube/test\n200 electrons", "voxels/test\n200 electrons"}
    assert [line.get_label() for line in figure.axes[0].lines] == ["a", "b"]
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), results[0].depth_iou)


def test_nothing_is_drawn_without_data():
    assert figure_4({}).figure is None
    assert depth_figure([]).figure is None
