"""Results in order of noise: who shares a series, and what is left out."""

import pytest

from sem3d.report.layers.noise_series import (
    amount_label,
    amounts,
    on_one_dataset,
    printed_miou,
    series_of,
)
from sem3d.report.reading import read_result

POISSON = [{"kind": "poisson", "electrons": n} for n in (400, 40000)]


def found(structures, kind, *paths):
    return series_of([read_result(path) for path in paths], structures, kind)


def test_one_series_per_predictor_with_rising_noise(write):
    paths = [write("a", "lookup", level=level, miou=1 - level) for level in (0.05, 0.0, 0.02)]
    (one,) = found("test", "gaussian", *paths, write("a", "lookup", dataset="experimental"))
    assert list(one.results) == [0.0, 0.02, 0.05]
    assert one.results[0.05].scores["miou_report"] == 0.95
    assert amounts([one]) == [0.0, 0.02, 0.05]


def test_kinds_of_noise_stay_apart(write):
    paths = [write("a", "lookup", noise=noise) for noise in POISSON]
    (one,) = found("test", "poisson", *paths, write("a", "lookup"))
    assert list(one.results) == [400, 40000]


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("dataset", "checksum", "ffff"),
        ("predictor", "checkpoint", "other.ckpt"),
        ("provenance", "seed", 1),
    ],
)
def test_other_data_weights_and_seeds_make_another_series(write, edit, block, key, value):
    paths = [write("a", "unet"), write("a", "unet", level=0.0)]
    assert len(found("test", "gaussian", *paths)) == 1
    edit(paths[1], block, key, value)
    assert len(found("test", "gaussian", *paths)) == 2


def test_labels_name_row_and_predictor_once(write):
    paths = write("tikhonov_naive", "tikhonov_naive"), write("lookup", "lookup")
    labels = [one.label for one in found("test", "gaussian", *paths)]
    assert labels == ["Numerical (tikhonov_naive)", "lookup"]


def test_curves_need_two_levels_and_one_dataset(write, edit):
    several = [write(name, name, level=n) for name in ("lookup", "potts") for n in (0.0, 0.02)]
    other = [write("tv", "tv", level=level) for level in (0.0, 0.02)]
    for path in other:
        edit(path, "dataset", "checksum", "ffff")
    series = found("test", "gaussian", *several, *other, write("single", "single"))
    assert [one.name for one in on_one_dataset(series)] == ["lookup", "potts"]
    assert on_one_dataset(()) == ()


def test_printed_figures_and_heads_of_columns():
    assert printed_miou("experimental", "gaussian") == {0.0: 0.893, 0.005: 0.632, 0.02: 0.572}
    assert printed_miou("test", "gaussian") == {0.02: 0.617}
    assert printed_miou("test", "poisson") == {}
    assert amount_label("gaussian", 0.0) == "0 %"
    assert amount_label("poisson", 400.0) == "400 electrons"
