"""Example files: what is read, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.report.layers.examples import read_examples, thickness_of


@pytest.fixture
def path(write):
    return write("a", "unet").with_suffix(".npz")


def change(path, **arrays):
    content = dict(read_examples(path)) | arrays
    np.savez(path, **{name: array for name, array in content.items() if array is not None})


def test_examples_read_back(path):
    arrays = read_examples(path)
    assert arrays["true_labels"].shape == (3, 16, 24, 24)
    assert arrays["predicted_thickness_nm"].shape == (3, 2, 24, 24)


@pytest.mark.parametrize("length", [0, 3, 1000])
def test_missing_and_truncated_files_are_named(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match=rf"{path.name} is not a readable.*evaluate"):
        read_examples(path)
    path.unlink()
    with pytest.raises(InputError, match=rf"{path.name} is not a readable.*evaluate"):
        read_examples(path)


def test_arrays_can_be_left_out(path):
    assert "scan" not in read_examples(path, skip=("scan",))
    change(path, index=None)
    with pytest.raises(InputError, match="lacks the array 'index'"):
        read_examples(path, skip=("scan",))


def test_damage_within_a_compressed_array_is_named(path):
    np.savez_compressed(path, **read_examples(path))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{path.name} is not a readable.*evaluate"):
        read_examples(path)


@pytest.mark.parametrize("name", ["index", "scan", "true_labels", "true_thickness_nm"])
def test_missing_array_is_named(path, name):
    change(path, **{name: None})
    with pytest.raises(InputError, match=rf"{path.name} lacks the array '{name}'"):
        read_examples(path)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("index", (2,)),
        ("energies_keV", (3,)),
        ("predicted_labels", (3, 15, 24, 24)),
        ("predicted_thickness_nm", (3, 1, 24, 24)),
        ("scan", (2, 4, 24, 24)),
        ("uncertainty_nm", (3, 1, 24, 24)),
        ("residual", (3, 2, 24, 24)),
        ("ambiguity", (3, 24)),
    ],
)
def test_arrays_that_disagree_are_refused(path, name, shape):
    change(path, **{name: np.zeros(shape)})
    with pytest.raises(InputError, match=rf"{path.name} holds arrays that disagree.*{name}"):
        read_examples(path)


@pytest.mark.parametrize("name", ["predicted_thickness_nm", "scan"])
def test_not_finite_is_refused(path, name):
    broken = read_examples(path)[name].copy()
    broken[1, 0, 3, 3] = np.nan
    change(path, **{name: broken})
    with pytest.raises(InputError, match="not finite"):
        read_examples(path)


@given(st.integers(0, 3), st.integers(0, 5), st.sampled_from([5.0, 10.0]))
def test_thickness_counts_voxels(gold, aluminium, height):
    column = [0] * (8 - gold - aluminium) + [2] * aluminium + [1] * gold
    labels = np.array(column, np.uint8)[:, None, None]
    found = thickness_of(labels, 2, height)
    np.testing.assert_array_equal(found[:, 0, 0], [gold * height, aluminium * height])
