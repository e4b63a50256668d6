"""The pictures of noise and uncertainty: what they choose to show, and what they say if nothing."""

import numpy as np
import pytest

from sem3d.report.layers.examples import read_examples
from sem3d.report.layers.noise_maps import noise_maps
from sem3d.report.layers.progress import stability
from sem3d.report.layers.specimens import compare
from sem3d.report.layers.uncertainty import uncertainty
from sem3d.report.reading import read_result


def study(write, names=("lookup", "potts"), levels=(0.0, 0.02), dataset="experimental"):
    paths = [
        write(name, name, dataset=dataset, level=level, miou=0.9 + len(name) / 100)
        for name in names
        for level in levels
    ]
    return [read_result(path) for path in paths]


def test_maps_of_the_experimental_structure_at_every_level(write):
    results = study(write)
    picture = noise_maps([*results, *study(write, dataset="layers")])
    gold = picture.figure.axes[0]
    assert [t.get_text() for t in gold.get_xticklabels()] == ["0 %", "2 %"]
    assert [t.get_text() for t in gold.get_yticklabels()] == ["truth", "lookup", "potts"]
    arrays = read_examples(results[0].path.with_suffix(".npz"))
    error = np.abs(arrays["predicted_thickness_nm"][0, 0] - arrays["true_thickness_nm"][0, 0])
    assert gold.texts[0].get_text() == f"{error.mean():.2f}"
    assert picture.png is not None


def test_at_most_six_levels_are_drawn_and_those_that_most_share(write):
    many = study(write, ("lookup",), [n / 100 for n in range(8)])
    shared = study(write, ("potts",), (0.06, 0.07))
    columns = noise_maps([*many, *shared]).figure.axes[0].get_xticklabels()
    names = [label.get_text() for label in columns]
    assert len(names) == 6
    assert {"6 %", "7 %"} <= set(names)


def test_one_level_is_no_study(write):
    results = study(write, levels=(0.02,))
    for picture in (noise_maps(results), stability(results)):
        assert picture.figure is None
        assert picture.caption.startswith("Not drawn")


def test_stability_has_a_panel_per_structure_and_kind_of_noise(write):
    doses = [{"kind": "poisson", "electrons": n} for n in (400, 2500)]
    poisson = [read_result(write("lookup", "lookup", noise=noise)) for noise in doses]
    results = [*study(write), *study(write, dataset="layers"), *poisson]
    panels = [axes for axes in stability(results).figure.axes if axes.get_lines()]
    assert [(axes.get_title("left"), axes.get_xscale()) for axes in panels] == [
        ("test structures", "linear"),
        ("experimental structure", "linear"),
        ("test structures", "log"),
    ]
    np.testing.assert_allclose(panels[0].get_lines()[0].get_xdata(), [0, 2])
    np.testing.assert_allclose(panels[2].get_lines()[0].get_xdata(), [400, 2500])
    printed = panels[1].get_lines()[-1]
    assert printed.get_label() == "printed: Numerical"
    np.testing.assert_allclose(printed.get_xdata(), [0, 0.5, 2])


@pytest.mark.parametrize("liar", ["lookup", "tikhonov"])
def test_uncertainty_is_shown_for_whoever_knows_his_errors_best(write, liar):
    results = study(write, ("lookup", "tikhonov"), (0.02,))
    results.append(read_result(write("net", "uvnet", "voxels", "experimental", miou=0.99)))
    for result in results:
        if result.predictor.model == liar:
            path = result.path.with_suffix(".npz")
            arrays = dict(np.load(path))
            np.savez(path, **arrays | {"uncertainty_nm": 0.1 * arrays["uncertainty_nm"]})
    comparison = compare(results, "experimental", 1)
    assert comparison is not None
    picture = uncertainty([comparison])
    honest = {"lookup": "tikhonov", "tikhonov": "lookup"}[liar]
    assert honest in picture.figure.axes[0].get_ylabel()
    assert "within twice the expected one" in picture.caption
    assert picture.png is not None


def test_no_uncertainty_is_said(write):
    comparison = compare([read_result(write("net", "uvnet", "voxels"))], "test", 1)
    assert comparison is not None
    for comparisons in ([], [comparison]):
        assert uncertainty(comparisons).caption.startswith("Not drawn")
