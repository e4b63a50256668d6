"""Rows are named, columns explained, gaps stay blank."""

import pytest
from matplotlib.figure import Figure

from sem3d.figures.grids import blank, class_legend, colour_bar, name_row, panel_grid, wrapped


def test_grid_grows_with_rows_and_columns():
    small, axes = panel_grid(1, 2)
    large, more = panel_grid(3, 4)
    assert axes.shape == (1, 2)
    assert more.shape == (3, 4)
    assert (large.get_size_inches() > small.get_size_inches()).all()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("unet", ["unet"]),
        ("demo,lr=0.0003+size=8", ["demo,", "lr=0.0003", "+size=8"]),
        ("x" * 300, ["x" * 20] * 3 + ["x" * 19 + "…"]),
    ],
)
def test_row_names_are_short_lines(name, lines):
    assert wrapped(name).split("\n") == lines


def test_name_row_labels_the_panel():
    axes = Figure().subplots()
    name_row(axes, "uvnet")
    assert axes.get_ylabel() == "uvnet"


def test_blank_says_why():
    axes = Figure().subplots()
    blank(axes, "not run")
    assert [text.get_text() for text in axes.texts] == ["not run"]


@pytest.mark.parametrize(("low", "extend"), [(0, "neither"), (-3, "both")])
def test_only_error_scales_extend_beyond_their_ends(low, extend):
    figure = Figure()
    axes = figure.subplots()
    image = axes.imshow([[0, 1]], vmin=low, vmax=3)
    colour_bar(figure, image, [axes], "Au [nm]")
    assert image.colorbar.extend == extend
    assert image.colorbar.ax.get_xlabel() == "Au [nm]"


def test_a_clipped_scale_extends_above():
    figure = Figure()
    axes = figure.subplots()
    image = axes.imshow([[0, 1]], vmin=0, vmax=3)
    colour_bar(figure, image, [axes], "std [nm]", clipped=True)
    assert image.colorbar.extend == "max"


def test_class_legend_names_all_classes():
    figure = Figure(layout="constrained")
    class_legend(figure, ("none", "Au", "Al"))
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["none", "Au", "Al"]
