"""Curves: which runs and metrics are drawn, and where."""

import numpy as np

from sem3d.figures.curves import CURVES, Panel, draw_noise_stability, draw_training


def points(*values):
    return np.array(list(enumerate(values)), float)


def run(**extra):
    return {"train/loss": points(3, 2, 1), "val/loss": points(4, 3, 2), **extra}


def test_losses_are_dashed_for_training_and_solid_for_validation(pixels):
    figure = draw_training({"a": run(), "b": run()})
    lines = figure.axes[0].get_lines()
    assert [line.get_linestyle() for line in lines] == ["--", "-", "--", "-"]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    np.testing.assert_array_equal(lines[1].get_ydata(), [4, 3, 2])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert pixels(figure).std() > 5


def test_one_panel_per_metric_that_any_run_logged():
    runs = {
        "a": run(**{"val/macc": points(0.5, 0.6)}),
        "b": run(**{"val/miou_report": points(0.1)}),
    }
    figure = draw_training(runs)
    shown = [ax for ax in figure.axes if ax.get_lines()]
    assert [ax.get_ylabel() for ax in shown] == ["loss", "mIoU", "mAccuracy"]
    assert [len(ax.get_lines()) for ax in shown] == [4, 1, 1]
    assert {ax.get_xlabel() for ax in shown} == {"epoch"}


def test_a_run_without_validation_is_still_in_the_legend():
    figure = draw_training({"only": {"train/loss": points(2, 1)}})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["only"]


def test_a_run_keeps_its_colour_in_all_panels():
    runs = {name: run(**{"val/miou_report": points(0.1, 0.2)}) for name in "abc"}
    losses, scores = (ax.get_lines() for ax in draw_training(runs).axes[:2])
    assert [line.get_color() for line in losses[::2]] == [line.get_color() for line in scores]


def panel(title="a", log=False, **curves):
    shown = {name: np.array(found, float) for name, found in curves.items()}
    return Panel(title, "noise [%]", shown, {"printed": np.array([[2, 0.6]])}, log)


def test_noise_stability_has_one_named_curve_per_predictor(pixels):
    figure = draw_noise_stability([panel(unet=[[0, 0.9], [2, 0.8]], potts=[[0, 1], [1, 1]])])
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.get_lines()[0].get_xdata(), [0, 2])
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["unet", "potts", "printed"]
    assert axes.get_xlabel() == "noise [%]"
    assert pixels(figure).std() > 5


def test_panels_share_scale_and_styles():
    low, high = [[400, 0.3], [40000, 0.4]], [[0, 0.9], [2, 0.8]]
    figure = draw_noise_stability([panel(a=high, b=high), panel("dose", True, b=low), panel(a=low)])
    first, second, third, empty = figure.axes
    assert first.get_ylim() == second.get_ylim() == third.get_ylim()
    assert first.get_ylim()[0] < 0.3
    assert second.get_xscale() == "log"
    assert second.get_lines()[0].get_color() == first.get_lines()[1].get_color()
    assert not empty.axison
    assert [axes.get_ylabel() for axes in figure.axes] == ["mIoU", "", "mIoU", ""]


def test_many_predictors_differ_in_colour_or_line():
    names = [f"n{k}" for k in range(3 * len(CURVES))]
    figure = draw_noise_stability([panel(**{name: [[0, 1], [1, 1]] for name in names})])
    lines = figure.axes[0].get_lines()[: len(names)]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(names)
