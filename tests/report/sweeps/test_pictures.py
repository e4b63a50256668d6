"""Which figures a sweep gets."""

import pytest

from sem3d.report.sweeps.outcomes import read_sweep
from sem3d.report.sweeps.pictures import STEMS, pictures
from tests.report.sweeps.made import hum, make, make_grid, quality, write_plan

LR = {"optimizer.lr": ["0.1", "0.01", "0.001"]}
MODEL = {"model": ["conv3", "unet"]}
FOUR = LR | MODEL | {"seed": ["0", "1"], "loss": ["mse", "huber"]}


def stems(path):
    return [picture.stem for picture in pictures(read_sweep(path))]


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({}, ["curves"]),
        (MODEL, ["curves", "parallel", "line"]),
        (LR | MODEL, ["curves", "parallel", "map", "importance"]),
        (LR | MODEL | {"seed": ["0", "1"]},
         ["curves", "parallel", "pairs", "slices", "importance"]),
        (FOUR, ["curves", "parallel", "pairs", "importance"]),
    ],
)  # fmt: skip
def test_figures_follow_the_number_of_settings(tmp_path, axes, expected):
    make(tmp_path, axes, lambda values: 0.5 + 0.1 * hum(values))
    assert stems(tmp_path) == expected
    assert set(expected) <= set(STEMS)
    assert all(picture.png for picture in pictures(read_sweep(tmp_path)))


def test_no_score_no_figure(tmp_path):
    write_plan(tmp_path, LR)
    assert stems(tmp_path) == []


@pytest.mark.parametrize("until", [0.02, 0.6])
def test_the_published_grid_half_way(tmp_path, until):
    make_grid(tmp_path, until=until)
    every = pictures(read_sweep(tmp_path))
    assert {"curves", "parallel", "pairs", "slices"} <= {picture.stem for picture in every}
    assert all(picture.png for picture in every)


def test_many_settings_are_paired_up_to_five(tmp_path):
    axes = {name: ["1", "2"] for name in "abcdef"} | {"g": ["1", "2", "3"]}
    make(tmp_path, axes, lambda values: 0.5 + 0.1 * hum(values))
    (pairs,) = (one for one in pictures(read_sweep(tmp_path)) if one.stem == "pairs")
    panels = [area for area in pairs.figure.axes if area.get_title(loc="left")]
    assert len(panels) == 25
    assert "g" in {area.get_title(loc="left") for area in panels}


def test_importance_names_settings_and_pairs(tmp_path):
    grid = {"optimizer.lr": ["0.001", "0.0001"], "optimizer.weight_decay": ["0.001", "1e-5"]}
    make(tmp_path, grid | {"loss.weight": ["0.5", "0.1"]}, quality)
    (found,) = (one for one in pictures(read_sweep(tmp_path)) if one.stem == "importance")
    labels = [text.get_text() for text in found.figure.axes[0].get_yticklabels()]
    assert set(labels[:3]) == {"lr", "weight_decay", "weight"}
    assert "lr × weight" in labels[3:]
    assert found.caption == "From 8 of 8 jobs, by their best score."
