"""Heat maps: numbers, marks, frames and panels."""

import numpy as np
import pytest

from sem3d.figures.sweeps.axes import Axis
from sem3d.figures.sweeps.heat import draw_line, draw_map, draw_pairs, draw_slices
from sem3d.figures.sweeps.scale import scale_of
from sem3d.figures.sweeps.scores import Scores


def axis(name, size, is_numeric=True):
    places = tuple(np.linspace(0, 1, size))
    return Axis(name, tuple(f"{name}{n}" for n in range(size)), places, is_numeric)


def made(*sizes, is_numeric=True):
    axes = tuple(axis(name, size, is_numeric) for name, size in zip("abcd", sizes, strict=False))
    score = 0.5 + 0.4 * np.random.default_rng(0).random(sizes)
    nothing = np.zeros(sizes, bool)
    return Scores(axes, score, nothing, nothing.copy())


def texts(area):
    return [text.get_text() for text in area.texts]


def titles(figure):
    return [area.get_title(loc="left") for area in figure.axes if area.get_title(loc="left")]


def test_a_map_has_numbers_gaps_and_crosses(pixels):
    shown = made(2, 3)
    shown.score[0] = [0.5, np.nan, np.nan]
    shown.score[1] = [0.6, 0.7, 0.75]
    shown.lost[0, 1] = shown.partial[1, 2] = True
    figure = draw_map(shown, "val/score", scale_of(shown.score, True))
    area = figure.axes[0]
    assert sorted(texts(area)) == sorted([".50", "×", ".60", ".70", "(.75)"])
    assert area.get_xlabel() == "b"
    (frame,) = area.patches
    assert frame.get_xy() == (1.5, 0.5)
    assert pixels(figure).min() < 80


def test_the_longer_axis_lies(pixels):
    figure = draw_map(made(4, 2), "s", scale_of(made(4, 2).score, False))
    assert figure.axes[0].get_xlabel() == "a"
    assert len(pixels(figure))


@pytest.mark.parametrize(
    ("span", "text"), [(40.0, "30"), (4.0, "3.0"), (0.4, ".30"), (0.04, ".030"), (0.004, ".0030")]
)
def test_numbers_have_the_digits_that_tell_them_apart(span, text):
    shown = made(1, 2)
    shown.score[0] = [0.75 * span, 1.75 * span]
    figure = draw_map(shown, "s", scale_of(shown.score, True))
    assert texts(figure.axes[0])[0] == text


def test_three_settings_have_a_map_per_value_of_the_shortest_axis(pixels):
    shown = made(6, 3, 14)
    figure = draw_slices(shown, "val/score", scale_of(shown.score, True))
    assert titles(figure) == ["b b0", "b b1", "b b2", "mean over b", "best over b"]
    assert all(len(texts(area)) == 84 for area in figure.axes[:5])
    assert pixels(figure).shape[1] < 2000


def test_pairs_stand_in_a_square(pixels):
    shown = made(2, 3, 2)
    figure = draw_pairs(shown, "val/score", scale_of(shown.score, True), [0, 1, 2])
    assert titles(figure) == [
        "a", "best over c", "best over b", "mean over c", "b", "best over a", "mean over b",
        "mean over a", "c",
    ]  # fmt: skip
    above, below = figure.axes[1], figure.axes[3]
    assert (above.get_ylabel(), above.get_xlabel()) == ("a", "b")
    assert (below.get_ylabel(), below.get_xlabel()) == ("b", "a")
    best = shown.best((0, 1), higher=True).score
    mean = shown.mean((0, 1)).score.T
    np.testing.assert_array_equal(above.images[0].get_array(), best)
    np.testing.assert_array_equal(below.images[0].get_array(), mean)
    assert len(pixels(figure))


def test_only_the_drawn_settings_are_paired():
    shown = made(2, 3, 2, 2)
    figure = draw_pairs(shown, "s", scale_of(shown.score, True), [1, 3])
    assert titles(figure) == ["b", "best over a, c", "mean over a, c", "d"]


@pytest.mark.parametrize("is_numeric", [True, False])
def test_names_are_not_joined_by_a_line(is_numeric, pixels):
    shown = made(4, is_numeric=is_numeric)
    figure = draw_line(shown, "val/score", scale_of(shown.score, True))
    (line,) = figure.axes[0].get_lines()
    assert line.get_linestyle() == ("-" if is_numeric else "None")
    np.testing.assert_array_equal(line.get_ydata(), shown.score)
    assert len(pixels(figure))


def test_stopped_and_lost_jobs_are_not_joined(pixels):
    shown = made(4)
    shown.score[1], shown.lost[1], shown.partial[2] = np.nan, True, True
    area = draw_line(shown, "s", scale_of(shown.score, True)).axes[0]
    joined, hollow, lost = area.get_lines()
    np.testing.assert_array_equal(joined.get_ydata(), shown.score[[0, 3]])
    np.testing.assert_array_equal(hollow.get_ydata(), shown.score[[2]])
    assert (hollow.get_fillstyle(), hollow.get_linestyle()) == ("none", "None")
    assert (lost.get_marker(), lost.get_xdata().tolist()) == ("x", [shown.axes[0].places[1]])
    told = [text.get_text() for text in area.get_legend().get_texts()]
    assert told == ["best", "best, of fewer epochs", "no score"]
    assert len(pixels(area.figure))


def test_labels_of_a_line_do_not_meet():
    close = Axis("a", ("0.1", "0.101", "0.2"), (0, 0.02, 1), True)
    nothing = np.zeros(3, bool)
    shown = Scores((close,), np.array([0.1, 0.2, 0.3]), nothing, nothing)
    area = draw_line(shown, "s", scale_of(shown.score, True)).axes[0]
    assert [label.get_text() for label in area.get_xticklabels()] == ["0.1", "0.2"]


def test_a_grid_without_a_score_is_drawn(pixels):
    shown = made(2, 3, 2)
    shown.score[:] = np.nan
    scale = scale_of(shown.score, True)
    for figure in (draw_slices(shown, "s", scale), draw_pairs(shown, "s", scale, [0, 1, 2])):
        assert len(pixels(figure))


@pytest.mark.parametrize(
    ("labels", "turn"),
    [(("unet", "conv3"), 0), (("0.1", "0.2", "0.3"), 0), (("wbce_lovasz", "ce_dice", "mse"), 90),
     (("0.0001", "0.0005") * 3, 90), (("10",) * 14, 0)],
)  # fmt: skip
def test_long_labels_are_turned(labels, turn):
    size = len(labels)
    across = Axis("b", tuple(labels), tuple(np.linspace(0, 1, size)), True)
    score = np.linspace(0, 1, size)[None]
    nothing = np.zeros(score.shape, bool)
    shown = Scores((axis("a", 1), across), score, nothing, nothing)
    figure = draw_map(shown, "s", scale_of(score, True))
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {turn}
