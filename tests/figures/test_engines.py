"""Curves with errors and images on the scale of the engines that count."""

import numpy as np

from sem3d.figures.engines import COLOURS, Panel, Pictures, draw_engines

CURVE = np.array([(1.0, 0.5, 0.1), (2.0, np.nan, 0.0), (3.0, 0.7, 0.1)])


def test_panels_and_images_stand_where_they_belong(pixels):
    copper = np.zeros((6, 6), bool)
    copper[2:4, 1:5] = True
    images = {"analytic": 9.0 * copper, "counted": copper + 0.5}
    higher = CURVE + np.array([0, 1, 0])
    panel = Panel("film", "energy", "signal", {"analytic": CURVE, "counted": higher})
    figure = draw_engines(
        [panel, panel], {"cube": Pictures(images, copper)}, ["counted"], "signal / film"
    )
    one, _, left, right, bar = figure.axes
    assert one.get_title(loc="left") == "film"
    first, second = (container[0] for container in one.containers)
    assert first.get_xdata().tolist() == [1, 3]
    assert second.get_ydata().tolist() == [1.5, 1.7]
    assert [line.get_color() for line in (first, second)] == list(COLOURS[:2])
    assert [area.get_title() for area in (left, right)] == ["analytic", "counted"]
    assert left.get_images()[0].get_clim() == right.get_images()[0].get_clim() == (0.5, 1.5)
    assert left.get_ylabel() == "cube"
    assert bar.get_ylabel() == "signal / film"
    above, _ = figure.subfigs
    (legend,) = above.legends
    assert [text.get_text() for text in legend.get_texts()] == ["analytic", "counted"]
    assert pixels(figure).std() > 5
