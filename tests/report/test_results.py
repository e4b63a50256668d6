"""Which table a result belongs to, and how noise and data are named."""

import pytest

from sem3d.report.reading import read_result
from sem3d.report.results import Noise


@pytest.mark.parametrize(
    ("noise", "label"),
    [
        (Noise("gaussian", 0.02), "2 %"),
        (Noise("gaussian", 0.005), "0.5 %"),
        (Noise("gaussian", 0.0), "none"),
        (Noise("poisson", 1000.0), "1000 electrons"),
    ],
)
def test_noise_in_words(noise, label):
    assert noise.label == label


def test_noise_sorts_by_amount():
    levels = [Noise("gaussian", level) for level in (0.05, 0.0, 0.02)]
    assert [noise.amount for noise in sorted(levels)] == [0.0, 0.02, 0.05]


def test_structures_follow_dataset_split_and_classes(write, edit):
    path = write("a", "unet")
    assert read_result(path).structures == "test"
    edit(path, "dataset", "split", "val")
    assert read_result(path).structures is None
    edit(path, "dataset", "name", "experimental")
    assert read_result(path).structures == "experimental"
    edit(path, "dataset", "name", "renamed")
    edit(path, "dataset", "geometry", "sem3d.geometry.experimental.Experimental")
    assert read_result(path).structures == "experimental"
    edit(path, "dataset", "classes", ["none", "Cu"])
    assert read_result(path).structures is None


def test_different_data_have_different_labels(write, edit):
    path = write("a", "unet")
    before = read_result(path).dataset.label
    edit(path, "dataset", "checksum", "ffff")
    assert before == "layers/test 01234567" != read_result(path).dataset.label


def test_other_physics_does_not_stand_beside_the_printed_figures(write, edit):
    path = write("a", "unet")
    edit(path, "dataset", "physics", "corrected")
    assert read_result(path).structures is None
