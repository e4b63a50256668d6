"""Smallest widths and gaps, from scores worked out by hand."""

import pytest

from sem3d.geometry.resolution import Cube, Pair
from sem3d.report.reading import read_result
from sem3d.report.voxels.resolution import (
    resolution_figure,
    resolution_table,
    scores_of,
    smallest,
)


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ({1: 0.0, 2: 0.5, 3: 0.9}, 2),
        ({1: 0.9, 2: 0.4, 3: 0.9}, 3),  # an exception below does not count
        ({1: 0.1, 2: 0.49}, None),
        ({3: 1.0, 1: 0.7, 2: 0.8}, 1),
        ({}, None),
    ],
)
def test_smallest_size_from_which_on_all_are_recovered(scores, found):
    assert smallest(scores) == found


def write(write_voxels, edit, iou, free):
    """A result whose every sample of a case has the given IoU and free share of the gap."""
    path = write_voxels("net", "voxnet_moderate", "resolution")
    result = read_result(path)
    shapes = list(scores_of(result))
    cases = [shapes[int(n) % len(shapes)] for n in result.samples["index"]]
    edit(path, "samples", "iou", [iou(shape) for shape in cases])
    gaps = [free(shape) if isinstance(shape, Pair) else None for shape in cases]
    edit(path, "samples", "gap_free", gaps)
    return read_result(path)


def test_table_by_hand(write_voxels, edit):
    def iou(shape):
        if isinstance(shape, Pair):
            return 0.5 if shape.direction == "vertical" else 0.6
        return 0.9 if shape.width_nm >= (4 if shape.depth_nm else 2) else 0.1

    result = write(write_voxels, edit, iou, lambda pair: 1.0 if pair.gap_nm > 1 else 0.2)
    (line,) = resolution_table([result]).lines
    # vertical pairs are at one half only, as one cube of the two would be
    assert [cell.value for cell in line.cells[4:]] == [2, 4, 3, "none"]
    assert [cell.value for cell in line.cells[:4]] == [
        "net",
        "resolution/test 01234567",
        "200 electrons",
        2,
    ]


def test_scores_are_means_over_the_draws(write_voxels):
    result = read_result(write_voxels("net", "voxnet_moderate", "resolution"))
    scores, cases = scores_of(result), len(result.dataset.cases)
    first = [v for n, v in enumerate(result.samples["iou"]) if n % cases == 0]
    assert len(first) == 2
    assert scores[Cube(1, 0)] == sum(first) / 2
    assert len(scores) == cases == 3 * 2 + 2 * 2


def test_figure_has_a_panel_for_each_depth_and_direction(write_voxels):
    result = read_result(write_voxels("net", "voxnet_moderate", "resolution"))
    picture = resolution_figure([result])
    titles = [axes.get_title(loc="left") for axes in picture.figure.axes if axes.axison]
    assert titles[:2] == ["cubes, top at 0 nm", "cubes, top at 8 nm"]
    assert titles[2:] == ["pairs of 5 nm, lateral gap", "pairs of 5 nm, vertical gap"]
    assert "may occur in training" in picture.caption


def test_without_results():
    assert resolution_table([]).lines[0].cells[0].value == "not run"
    assert resolution_figure([]).figure is None
