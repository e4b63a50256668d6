"""The named structure, pixel by pixel."""

import numpy as np
import pytest
import torch

from sem3d.geometry.experimental import Experimental
from sem3d.geometry.voxelise import voxelise


@pytest.fixture
def thickness():
    return Experimental()(np.random.default_rng(0)).thickness_nm


def test_pads_in_x_right_y_up(thickness):
    au, al = (plane[::-1] for plane in thickness)  # now row n holds y in n..n + 1
    assert np.all(au[64:106, 22:64] == 10)
    assert np.all(au[64:106, 64:106] == 15)
    assert np.all(au[22:64, 64:106] == 5)
    assert np.all(au[22:64, 22:64] == 0)
    assert np.all(al[43:85, 43:85] == 150)
    assert (np.count_nonzero(au), np.count_nonzero(al)) == (3 * 42**2, 42**2)


def test_rows(thickness):
    assert np.flatnonzero((thickness[0] == 15).any(axis=1))[[0, -1]].tolist() == [22, 63]


def test_voxel_shares(thickness):
    shares = np.bincount(voxelise(torch.from_numpy(thickness)).ravel()) / (16 * 128 * 128)
    assert shares == pytest.approx([0.886, 0.013, 0.101], abs=0.0005)


def test_ignores_the_generator(thickness):
    np.testing.assert_array_equal(thickness, Experimental()(np.random.default_rng(9)).thickness_nm)
