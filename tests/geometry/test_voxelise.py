"""Voxels against a loop over columns, the rules at their thresholds, and the way back."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sem3d.errors import InputError
from sem3d.geometry.voxelise import ROUNDINGS, thickness_from_labels, voxelise

RULES = {
    "int-floor": lambda d, h: math.floor(math.floor(d + 0.5) / h),
    "floor": lambda d, h: math.floor(d / h),
    "ceil": lambda d, h: math.ceil(d / h),
    "round": lambda d, h: math.floor(d / h + 0.5),
}
HEIGHTS = st.sampled_from([1.0, 2.5, 5.0, 10.0])


def slow_column(thickness, height, slices, rounding, classes):
    column = [
        c
        for d, c in zip(thickness, classes, strict=True)
        for _ in range(RULES[rounding](d, height))
    ]
    return (column + [0] * slices)[:slices][::-1]


def column(*thickness, **settings):
    return voxelise(torch.tensor(thickness).reshape(-1, 1, 1), **settings).ravel().tolist()


def quarters(layers):
    """Float thickness maps whose divisions by every tested height are exact enough to floor."""
    return hnp.arrays(np.int32, (layers, 2, 3), elements=st.integers(0, 400)).map(lambda a: a / 4)


@given(
    st.integers(1, 4).flatmap(quarters), HEIGHTS, st.integers(1, 40), st.sampled_from(sorted(RULES))
)
@settings(deadline=None, max_examples=150)
def test_equals_the_loop_over_columns(thickness, height, slices, rounding):
    labels = voxelise(torch.from_numpy(thickness), height, slices, rounding).numpy()
    classes = range(1, len(thickness) + 1)
    for y, x in np.ndindex(2, 3):
        expected = slow_column(thickness[:, y, x], height, slices, rounding, classes)
        assert labels[:, y, x].tolist() == expected


def test_the_rules_tested_are_all_rules():
    assert set(RULES) == set(ROUNDINGS)


def test_surface_end_first():
    assert column(10.0, 20.0, slices=5) == [0, 0, 2, 2, 1]


def test_report_column_fills_all_slices():
    assert column(15, 150) == [2] * 15 + [1]


def test_half_height_column_loses_its_top():
    assert column(15, 150, height_nm=5.0, slices=33) == [2] * 30 + [1] * 3
    assert column(15, 150, height_nm=5.0, slices=32) == [2] * 29 + [1] * 3


def test_swapped_classes():
    expected = [0] * 12 + [1] * 150 + [2] * 3
    assert column(3, 150, height_nm=1.0, slices=165, classes=(2, 1)) == expected


def test_any_class_may_stand_for_a_layer():
    assert column(10, 10, 10, slices=4, classes=(7, 0, 100)) == [0, 100, 0, 7]


@pytest.mark.parametrize(
    ("rounding", "below", "above"),
    [("int-floor", 9.49, 9.5), ("floor", 9.99, 10.0), ("ceil", 0.0, 0.01), ("round", 4.99, 5.0)],
)
def test_thresholds(rounding, below, above):
    assert column(below, slices=2, rounding=rounding) == [0, 0]
    assert column(above, slices=2, rounding=rounding) == [0, 1]


def test_a_prediction_may_leave_the_box():
    assert column(-40.0, 20.0, slices=3) == [0, 2, 2]
    assert column(1e30, math.inf, slices=3) == [1, 1, 1]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float16, torch.float64])
def test_every_dtype(dtype):
    thickness = torch.tensor([5, 150], dtype=torch.int32).to(dtype).reshape(2, 1, 1)
    assert voxelise(thickness).ravel().tolist() == [0] + [2] * 15


def test_batches_are_independent_specimens():
    batch = torch.rand(2, 3, 2, 4, 5, generator=torch.Generator().manual_seed(0)) * 100
    labels = voxelise(batch)
    assert labels.shape == (2, 3, 16, 4, 5)
    assert torch.equal(labels[1, 2], voxelise(batch[1, 2]))


@given(
    hnp.arrays(np.int64, (2, 3, 4, 4), elements=st.integers(0, 5)),
    HEIGHTS,
    st.sampled_from(sorted(RULES)),
)
@settings(deadline=None, max_examples=60)
def test_way_back_on_multiples_of_the_height(voxels, height, rounding):
    # "int-floor" needs whole nm: 2.5 nm rounds to 3 nm, still one voxel of 2.5 nm.
    thickness = torch.from_numpy(voxels * height).float()
    labels = voxelise(thickness, height, 15, rounding)
    torch.testing.assert_close(thickness_from_labels(labels, height, 3), thickness)


def test_way_back_of_an_absent_layer_is_zero():
    labels = torch.tensor([0, 2, 2], dtype=torch.uint8).reshape(3, 1, 1)
    assert thickness_from_labels(labels, 10.0, 3).ravel().tolist() == [0, 20, 0]


def test_unknown_rounding():
    with pytest.raises(InputError, match="did you mean 'floor'"):
        column(1.0, rounding="flor")


def test_wrong_number_of_classes():
    with pytest.raises(InputError, match="each of the 2 layers"):
        column(1.0, 2.0, classes=(1,))
