"""Parallel coordinates, learning curves and importance."""

import numpy as np
import pytest

from sem3d.figures.sweeps.axes import Axis
from sem3d.figures.sweeps.curves import Trained, draw_sweep_curves
from sem3d.figures.sweeps.parallel import NOWHERE, WIDEST, Line, draw_parallel
from sem3d.figures.sweeps.scale import BEST, scale_of
from sem3d.figures.sweeps.shares import Bar, draw_shares

AXES = (
    Axis("lr", ("1e-5", "0.001", "0.1"), (0, 0.5, 1), True),
    Axis("model", ("unet", "conv3"), (0, 1), False),
)


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def best_line(figure):
    (line,) = (one for one in figure.axes[0].get_lines() if one.get_color() == BEST)
    return line


@pytest.mark.parametrize(("higher", "best"), [(True, (2, 1)), (False, (0, 0))])
def test_the_best_job_is_on_top(higher, best, pixels):
    lines = [Line((0, 0), 0.5), Line((1, 1), 0.6), Line((2, 1), 0.7)]
    scale = scale_of(np.array([0.5, 0.6, 0.7]), higher)
    figure = draw_parallel(AXES, lines, "lr 1", "val/score", scale)
    heights = best_line(figure).get_ydata()
    expected = [AXES[n].places[place] for n, place in enumerate(best)]
    np.testing.assert_allclose(heights, [*expected, 1 if higher else 0], atol=WIDEST)
    assert best_line(figure).get_zorder() > 3
    assert {"lr", "model", "val/score", "1e-5", "conv3"} <= set(words(figure))
    assert legend(figure) == ["best: lr 1"]
    assert pixels(figure).std() > 5


def test_stopped_and_lost_jobs_are_marked(pixels):
    lines = [Line((0, 0), 0.7), Line((1, 1), 0.6, stopped=True), Line((2, 1), None)]
    figure = draw_parallel(AXES, lines, "lr 1", "s", scale_of(np.array([0.7, 0.6]), True))
    (collection,) = figure.axes[0].collections
    ends = [path.vertices[-1, 1] for path in collection.get_paths()]
    assert ends == pytest.approx([NOWHERE, 0, 1])
    assert legend(figure)[1:] == ["stopped early", "failed, diverged or not finished"]
    assert "no score" in words(figure)
    assert len(pixels(figure))


def test_lines_of_one_value_are_spread_by_rank():
    lines = [Line((1, n % 2), 0.1 * n) for n in range(5)]
    figure = draw_parallel(AXES, lines, "lr 1", "s", scale_of(np.arange(5) * 0.1, True))
    (collection,) = figure.axes[0].collections
    heights = [path.vertices[0, 1] for path in collection.get_paths()]
    np.testing.assert_allclose(heights, 0.5 + WIDEST * np.linspace(-0.5, 0.5, 5))


def test_scores_behind_the_end_of_the_scale_meet_there():
    scores = np.array([0.9, 0.85, 0.8, 0.8, 0.1])
    lines = [Line((0, 0), score) for score in scores]
    figure = draw_parallel(AXES, lines, "lr 1", "s", scale_of(scores, True))
    assert "≤ 0.6" in words(figure)


@pytest.mark.parametrize("higher", [True, False])
def test_curves_end_in_marks(higher, pixels):
    points = np.column_stack([np.arange(4), [0.1, 0.2, 0.25, 0.3]])
    jobs = [
        Trained(points[:2], 0.2, "halved"),
        Trained(points[:3], 0.25, "failed"),
        Trained(points[:1], 0.1, "running"),
        Trained(points, 0.3, "done"),
    ]
    figure = draw_sweep_curves(jobs, "lr 1", "val/score", scale_of(points[:, 1], higher))
    assert legend(figure) == [
        "best: lr 1", "stopped early", "failed or diverged", "running or interrupted",
    ]  # fmt: skip
    np.testing.assert_array_equal(best_line(figure).get_xydata(), points)
    marks = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 1]
    assert {(*line.get_xydata()[0], line.get_marker()) for line in marks} >= {
        (1, 0.2, "."), (2, 0.25, "x"), (0, 0.1, "o"),
    }  # fmt: skip
    low, high = figure.axes[0].get_ylim()
    assert low < 0.1 < 0.3 < high
    assert len(pixels(figure))


def test_labels_that_would_meet_are_left_out():
    axis = Axis("lr", ("1", "1.01", "2"), (0, 0.01, 1), True)
    lines = [Line((n,), 0.1 * n) for n in range(3)]
    figure = draw_parallel((axis,), lines, "lr 2", "s", scale_of(np.arange(3) * 0.1, True))
    assert words(figure)[:3] == ["1", "2", "lr"]


def test_a_single_validation_is_a_dot(pixels):
    jobs = [Trained(np.array([[3.0, score]]), score, "done") for score in (0.5, 0.6)]
    figure = draw_sweep_curves(jobs, "lr 1", "s", scale_of(np.array([0.5, 0.6]), True))
    area = figure.axes[0]
    assert [line.get_marker() for line in area.get_lines()] == ["o"] * 3
    low, high = area.get_xlim()
    assert [tick for tick in area.get_xticks() if low <= tick <= high] == [3]
    assert pixels(figure).std() > 5


def test_shares_are_bars_from_the_top(pixels):
    bars = [
        Bar("lr", 0.7, 0.6, 0.8, 0.1, 0),
        Bar("lr × model", 0.2, 0.2, 0.2, None, 1),
        Bar("all else", 0.1, 0.0, 0.0, None, 2),
    ]
    figure = draw_shares(bars, "from 3 jobs")
    (area,) = figure.axes
    assert [patch.get_width() for patch in area.patches] == pytest.approx([70, 20, 10])
    assert [text.get_text() for text in area.texts] == ["70.0 %", "20.0 %", "10.0 %"]
    assert area.yaxis_inverted()
    assert legend(figure)[-2:] == ["by scatter alone", "range over orders"]
    assert len(pixels(figure))


def test_what_is_not_known_is_not_in_the_legend():
    figure = draw_shares([Bar("lr", 1.0, 1.0, 1.0, None, 0)], "")
    assert legend(figure) == ["one setting"]
