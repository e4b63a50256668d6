"""Only results of equal data and noise are shown side by side."""

import numpy as np

from sem3d.report.layers.examples import read_examples
from sem3d.report.layers.specimens import comparable, compare, load_truth, load_views, unique_names
from sem3d.report.reading import read_result


def read(*paths):
    return [read_result(path) for path in paths]


def names(results):
    return [result.predictor.name for result in results]


def test_comparable_results_share_data_and_noise(write, edit):
    one, two = write("one", "unet"), write("two", "conv3")
    noisy, other = (
        write("noisy", "uvnet", "voxels", level=0.05),
        write("other", "resunet", "voxels"),
    )
    edit(other, "dataset", "checksum", "ffff")
    assert names(comparable(read(one, two, noisy, other), "test")) == ["two", "one"]
    assert comparable(read(one), "experimental") == ()


def test_ties_go_to_two_percent(write):
    results = read(*(write(f"n{level}", "unet", level=level) for level in (0.0, 0.05, 0.02)))
    assert names(comparable(results, "test")) == ["n0.02"]
    poisson = write("p", "unet", noise={"kind": "poisson", "electrons": 1000})
    assert names(comparable([*read(poisson), results[0]], "test")) == ["n0.0"]


def test_equal_names_are_told_apart(write):
    assert list(unique_names(read(write("a", "unet"), write("a", "unet")))) == ["a", "a (2)"]


def test_comparison_holds_truth_and_every_prediction(write):
    maps, voxels = write("maps", "unet", miou=0.8), write("voxels", "uvnet", "voxels", miou=0.9)
    comparison = compare(read(maps, voxels), "test", 2)
    assert comparison is not None
    assert [s.label for s in comparison.specimens] == ["test 0, noise 2 %", "test 1, noise 2 %"]
    specimen = comparison.specimens[1]
    arrays = read_examples(maps.with_suffix(".npz"))
    np.testing.assert_array_equal(specimen.truth.labels, arrays["true_labels"][1])
    np.testing.assert_array_equal(specimen.scan, arrays["scan"][1])
    predicted = specimen.predictions["maps"].thickness_nm
    np.testing.assert_array_equal(predicted, arrays["predicted_thickness_nm"][1])
    counted = specimen.predictions["voxels"].thickness_nm
    assert set(np.unique(counted % 10)) == {0}
    assert comparison.best_of(comparison.results) == "voxels"
    assert compare(read(maps), "experimental", 1) is None


def test_views_hold_what_a_predictor_says_about_its_errors(write):
    maps, voxels = write("maps", "lookup"), write("voxels", "uvnet", "voxels")
    telling, silent = load_views(read_result(maps))[1], load_views(read_result(voxels))[1]
    arrays = read_examples(maps.with_suffix(".npz"))
    np.testing.assert_array_equal(telling.uncertainty_nm, arrays["uncertainty_nm"][1])
    np.testing.assert_array_equal(telling.ambiguity, arrays["ambiguity"][1])
    assert (silent.uncertainty_nm, silent.residual) == (None, None)
    index, truth = load_truth(read_result(maps))
    assert index == 0
    np.testing.assert_array_equal(truth.thickness_nm, arrays["true_thickness_nm"][0])


def test_predictors_without_an_example_are_left_out_there(write):
    full, short = write("full", "unet"), write("short", "uvnet", "voxels")
    path = short.with_suffix(".npz")
    arrays = read_examples(path)
    keep = {n: a if n == "energies_keV" else a[2:] for n, a in arrays.items()}
    np.savez(path, **keep)
    comparison = compare(read(full, short), "test", 2)
    assert comparison is not None
    first, second = comparison.specimens
    assert (first.index, set(first.predictions)) == (2, {"full", "short"})
    assert set(second.predictions) == {"full"}


def test_views_are_by_sample_index(write):
    views = load_views(read_result(write("a", "unet")))
    assert sorted(views) == [0, 1, 2]
    assert views[2].labels.dtype == np.uint8
