"""Curves, maps and dots stand where the numbers are; what is missing stays blank."""

import numpy as np
import pytest

from sem3d.figures.colours import MATERIALS
from sem3d.figures.limits import (
    CLOSEST,
    draw_ambiguity,
    draw_cramer_rao,
    draw_energies,
    name_colours,
)  # fmt: skip


def curve(*values):
    return np.stack([np.arange(1.0, len(values) + 1), values], 1)


def bounds(layers=("Au", "Al"), maps=True):
    """A figure of standard deviations with two cases per layer."""
    deviations = {
        layer: {"alone": curve(1, 2, 3), "on it": curve(2, np.inf, 40)} for layer in layers
    }
    shares = {layer: {"alone": curve(60, 40), "on it": curve(50, 50)} for layer in layers}
    titles = {layer: f"at 3 nm {layer}" for layer in layers}
    planes = np.random.default_rng(0).uniform(0.1, 20, (2, 4, 6))
    planes[0, 0] = planes[1, :, 0] = np.nan
    return draw_cramer_rao(deviations, shares, titles, planes if maps else None, layers)


def panels(figure):
    return {axes.get_ylabel(): axes for axes in figure.axes}


def test_bounds_have_a_row_per_layer_and_one_of_maps(pixels):
    figure = bounds()
    found = panels(figure)
    gold = found["standard deviation of Au [nm]"]
    assert len([axes for axes in figure.axes if axes.get_lines()]) == 4
    assert len([axes for axes in figure.axes if axes.images]) == 2
    assert found["information on Al [% of all energies]"].get_title(loc="left") == "at 3 nm Al"
    assert gold.get_yscale() == "log"
    assert pixels(figure).std() > 5


def test_what_cannot_be_told_is_a_gap_in_the_curve():
    line = bounds().axes[0].get_lines()[1]
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("layers", "note"), [(("Au", "Al"), ""), (("Au", "Al", "Cu"), ", without Cu")]
)
def test_maps_say_which_layers_are_absent(layers, note):
    figure = bounds(layers)
    titles = [axes.get_xlabel() for axes in figure.axes if axes.images]
    assert titles == [f"Al thickness [nm]{note}"] * 2


def test_a_single_layer_has_curves_only(pixels):
    figure = bounds(("Au",), maps=False)
    assert not any(axes.images for axes in figure.axes)
    assert pixels(figure).std() > 2


def test_maps_without_any_number_are_grey(pixels):
    empty = np.full((2, 3, 4), np.nan)
    nothing = {layer: {"alone": curve(np.nan, np.inf)} for layer in ("Au", "Al")}
    titles = dict.fromkeys(nothing, "")
    figure = draw_cramer_rao(nothing, nothing, titles, empty, ["Au", "Al"])
    assert pixels(figure).std() > 2


SETS = ["bare Si", "Au", "Al", "Au + Al"]


def test_ambiguity_names_the_sets_that_occur(pixels):
    single = {"Au": curve(0.5, 1, 2), "Al": curve(3, 0, 5)}
    distance = np.arange(12.0).reshape(3, 4)
    nearest = np.array([[0, 3, 3, 3]] * 2 + [[1] * 4])
    figure = draw_ambiguity(single, distance, nearest, SETS, ["Au", "Al"])
    bar = figure.axes[-1]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["bare Si", "Au", "Au + Al"]
    lines = figure.axes[0].get_lines()
    assert lines[0].get_color() == MATERIALS["Au"]
    assert lines[1].get_ydata().min() == CLOSEST  # zero has no place on a logarithmic axis
    assert pixels(figure).std() > 5


def test_ambiguity_of_a_single_layer_is_one_curve():
    figure = draw_ambiguity({"Au": curve(1, 2)}, None, None, SETS[:2], ["Au"])
    (axes,) = figure.axes
    assert "σ" in axes.get_ylabel()


def test_energies_are_dots_above_their_number(pixels):
    chosen = np.array([[False, True, False], [True, True, False], [True, True, True]])
    ratios = {"Au": np.array([3.0, 2.0, 1.0]), "Al": np.array([9.0, 2.0, 1.0])}
    kept = np.array([0.4, 0.8, 1.0])
    figure = draw_energies(chosen, np.array([5.0, 10, 20]), kept, ratios, 2)
    found = panels(figure)
    dots = found["beam energy [keV]"].collections[0].get_offsets().tolist()
    assert sorted(dots) == [[1, 10], [2, 5], [2, 10], [3, 5], [3, 10], [3, 20]]
    assert found["information kept [%]"].get_lines()[0].get_ydata().tolist() == [40, 80, 100]
    assert pixels(figure).std() > 5


def test_one_energy_is_drawn_too(pixels):
    one = np.ones(1)
    figure = draw_energies(one[None] > 0, 10 * one, one, {"Au": one}, 1)
    assert pixels(figure).std() > 2


def test_sets_have_different_colours():
    names = ["bare Si", "A", "B", "A + B", "C", "A + C", "B + C", "A + B + C"]
    assert len(set(name_colours(names).values())) == len(names)
    assert name_colours(SETS)["Al"] == MATERIALS["Al"]
