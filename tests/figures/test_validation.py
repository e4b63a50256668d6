"""Measurements, formula, presets and the other simulator stand where the numbers are."""

import numpy as np

from sem3d.figures.validation import (
    PRESETS,
    BulkPanel,
    SpecimenRow,
    draw_bulk,
    draw_film,
    draw_specimens,
)


def bars(*values, error=0.01):
    return np.array([(k + 1.0, value, error) for k, value in enumerate(values)])


def panel(medians=3):
    return BulkPanel(
        measured=bars(0.2, 0.3, 0.25)[:, :2],
        medians=np.zeros((0, 2)) if not medians else bars(0.2, 0.25)[:, :2],
        formula=bars(0.21, 0.22)[:, :2],
        curves={name: bars(0.2, 0.24)[:, :2] + k * 0.01 for k, name in enumerate(PRESETS)},
    )


def row(images=True):
    copper = np.zeros((6, 6), bool)
    copper[2:4, 1:5] = True
    shown = dict.fromkeys(("nebula", "dielectric"), copper + 0.1) if images else {}
    curves = {"dielectric": bars(0.5, 1.1)}
    return SpecimenRow(shown, copper, bars(0.4, 1.0), curves)


def test_every_element_has_a_panel(pixels):
    figure = draw_bulk({"Al": panel(), "Si": panel(medians=0), "Au": panel()})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Al", "Si", "Au"]
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert lines["measured"].get_ydata().tolist() == [0.2, 0.3, 0.25]
    assert lines["moller"].get_color() == PRESETS["moller"]
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 6
    assert pixels(figure).std() > 5


def test_film_shows_the_ratio_and_what_is_accepted(pixels):
    figure = draw_film(bars(0.2, 0.1), {"dielectric": bars(0.1, 0.1)}, {1.0: 0.15})
    left, right = figure.axes
    assert left.get_yscale() == "log"
    ratio, accepted, one = right.get_lines()
    assert ratio.get_ydata().tolist() == [0.5, 1.0]
    assert list(accepted.get_ydata()) == [0.85, 1.15]
    assert list(one.get_ydata()) == [1, 1]
    assert pixels(figure).std() > 5


def test_specimens_have_images_on_one_scale_and_contrast(pixels):
    titles = {"nebula": "Nebula", "dielectric": "dielectric"}
    figure = draw_specimens({"cube": row(), "all": row(images=False)}, titles)
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(images) == 2
    assert len({image.get_clim() for image in images}) == 1
    curves = [axes for axes in figure.axes if axes.get_ylabel() == "contrast"]
    assert [axes.get_title(loc="left") for axes in curves] == ["cube", "all"]
    assert pixels(figure).std() > 5
