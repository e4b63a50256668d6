"""The mosaic shows every map where its row and column meet, with its error above."""

import numpy as np
import pytest

from sem3d.figures.noise_study import draw_noise_study

LAYERS, LIMITS = ("Au", "Al"), (15.0, 150.0)
COLUMNS = ("0 %", "2 %", "5 %")


@pytest.fixture
def figure(thickness):
    rows = {
        "lookup": {"0 %": thickness, "2 %": thickness + 1, "5 %": thickness + 2},
        "net": {"2 %": thickness / 2},
    }
    return draw_noise_study(thickness, rows, COLUMNS, LAYERS, LIMITS)


def tiles(axes, shape):
    """Tiles (rows, columns, Y, X) of a mosaic, by the positions of its labels."""
    mosaic = axes.images[0].get_array()
    y, x = shape
    rows = [round(t - (y - 1) / 2) for t in figure_rows(axes)]
    columns = [round(t - (x - 1) / 2) for t in axes.get_xticks()]
    return [[mosaic[r : r + y, c : c + x] for c in columns] for r in rows]


def figure_rows(axes):
    return axes.figure.axes[0].get_yticks()


@pytest.mark.parametrize("k", [0, 1])
def test_maps_stand_under_their_noise_in_the_row_of_their_predictor(figure, thickness, k):
    truth, lookup, net = tiles(figure.axes[k], thickness.shape[1:])
    np.testing.assert_array_equal(truth[0], thickness[k])
    np.testing.assert_array_equal(lookup[1], thickness[k] + 1)
    np.testing.assert_array_equal(net[1], thickness[k] / 2)
    assert np.ma.getmaskarray(np.ma.masked_invalid(net[0])).all()
    assert figure.axes[k].images[0].get_clim() == (0, LIMITS[k])


def test_labels_and_errors(figure, pixels):
    gold, aluminium = figure.axes[:2]
    assert [t.get_text() for t in gold.get_xticklabels()] == list(COLUMNS)
    assert [t.get_text() for t in gold.get_yticklabels()] == ["truth", "lookup", "net"]
    assert [t.get_text() for t in gold.texts][:3] == ["0.00", "1.00", "2.00"]
    assert len(aluminium.texts) == 4
    assert "Al" in aluminium.get_xlabel()
    assert pixels(figure).std() > 10


def test_columns_of_one_layer_and_one_level(thickness, pixels):
    figure = draw_noise_study(
        thickness[:1], {"a": {"0 %": thickness[:1]}}, ("0 %",), ("Au",), (15,)
    )
    assert pixels(figure).std() > 5
