"""Pictures of volumes: who is shown, with which labels and words."""

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.report.reading import read_result
from sem3d.report.voxels.examples import read_volumes
from sem3d.report.voxels.pictures import case_pictures, sample_picture
from sem3d.report.voxels.rows import comparable, rows_of, specimen_name


@pytest.fixture
def cubes(write_voxels):
    med = write_voxels("med", "med_sem", "nanocube", 0.3, solver=True)
    return [read_result(p) for p in (med, write_voxels("net", "voxnet_moderate", "nanocube"))]


def test_every_case_is_shown_with_its_score(cubes):
    rows = rows_of(cubes, 4)
    assert list(rows) == ["truth", "med, best per sample threshold", "med, own threshold", "net"]
    assert list(rows["truth"]) == [f"nanocube at position {n}" for n in (1, 2, 3, 4)]
    iou = cubes[1].samples["iou"][2]
    assert rows["net"]["nanocube at position 3"].words == f"IoU {iou:.3f}"


def test_the_best_threshold_is_applied(cubes):
    rows = rows_of(cubes, 4)
    best = rows["med, best per sample threshold"]["nanocube at position 1"]
    level = cubes[0].samples["oracle_threshold"][0]
    assert level == 0.7
    held = read_volumes(cubes[0])[0]
    np.testing.assert_array_equal(best.labels == 2, held.probability > level)
    assert (best.labels == 1).sum() == 8000 - (best.labels == 2).sum()
    assert best.words.endswith("above 0.7")


def test_thresholds_leave_vacuum_alone(cubes):
    held = read_volumes(cubes[0])[0]
    held.labels[5] = 0
    assert (held.above(0.7)[5] != 1).all()


def test_equal_names_are_numbered(cubes):
    assert {"net", "net (2)"} <= rows_of([cubes[1], cubes[1]], 4).keys()


def test_pictures_say_dose_rule_and_data(cubes):
    cuts, wrong = case_pictures("3", cubes)
    assert (cuts.stem, wrong.stem) == ("voxels_figure_5", "voxels_figure_7")
    for picture in (cuts, wrong):
        assert picture.figure is not None
        assert "200 electrons per pixel and energy" in picture.caption
        assert "chosen by the truth" in picture.caption
        assert "nanocube/test 01234567" in picture.caption


def test_wires_say_their_options(write_voxels):
    result = read_result(write_voxels("net", "unet3d", "nanowire"))
    cuts, _ = case_pictures("4", [result])
    assert "axis y, corners Si" in cuts.caption
    assert "Labels are the predictors' own" in cuts.caption
    assert cuts.title.startswith("Figure 8.")


def test_samples_of_the_test_set(write_voxels):
    result = read_result(write_voxels("net", "unet3d"))
    assert sample_picture([result]).figure is not None
    assert specimen_name(result, 3) == "sample 3"
    assert list(rows_of([result], 2)["truth"]) == ["sample 0", "sample 1"]


def test_nothing_is_drawn_without_results():
    for picture in (*case_pictures("3", []), *case_pictures("4", []), sample_picture([])):
        assert picture.figure is None
        assert "Not drawn" in picture.caption


def test_the_largest_group_is_shown_then_the_highest_dose(write_voxels):
    few = read_result(write_voxels("a", "unet3d", dose=1000))
    many = [read_result(write_voxels(n, "unet3d", dose=100)) for n in ("a", "b")]
    assert comparable([few, *many]) == tuple(many)
    assert comparable([few, many[0]]) == (few,)
    assert comparable([]) == ()


def test_arrays_that_disagree_are_refused(write_voxels):
    path = write_voxels("a", "unet3d").with_suffix(".npz")
    content = dict(np.load(path))
    np.savez(path, **content | {"probability": content["probability"][:, :5]})
    result = read_result(path.with_suffix(".json"))
    with pytest.raises(InputError, match=r"holds arrays that disagree.*probability"):
        read_volumes(result)
    np.savez(path, **content | {"probability": np.full_like(content["probability"], np.nan)})
    with pytest.raises(InputError, match="not finite"):
        read_volumes(result)


def test_probabilities_may_be_missing(write_voxels):
    path = write_voxels("a", "unet3d").with_suffix(".npz")
    content = dict(np.load(path))
    del content["probability"]
    np.savez(path, **content)
    assert read_volumes(read_result(path.with_suffix(".json")))[0].probability is None
