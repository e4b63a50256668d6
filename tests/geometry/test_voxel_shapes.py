"""Solids on a fine grid against their volumes worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sem3d.geometry.random_solids import KINDS, random_solid
from sem3d.geometry.voxel_shapes import (
    blob,
    core_shell,
    cuboid,
    cylinder,
    ellipsoid,
    l_shape,
    via,
    voxels_inside,
)
from sem3d.specimen import VoxelBox

FINE = VoxelBox(("Cu",), (80, 90, 100), (1.0, 0.8, 0.5))
CENTRE, HALF = (38.3, 37.1, 24.6), (30.0, 24.0, 20.0)
UNIT_NM3 = 30.0 * 24.0 * 20.0

SOLIDS = {
    "cuboid": (cuboid, 8),
    "ellipsoid": (ellipsoid, 4 / 3 * np.pi),
    "cylinder": (cylinder(0), 2 * np.pi),
    "l_shape": (l_shape(0, (0.3, 0.4)), 8 * (1 - 0.7 * 0.6)),
    "via": (via(0.25, 0.5), 8 * 0.25 + 2 * 0.75 * np.pi * 0.25),
    "shell": (core_shell(ellipsoid, 0.6), 4 / 3 * np.pi * (1 - 0.6**3)),
    "kernel": (core_shell(cuboid, 0.6, 0.3), 8 * (1 - 0.6**3 + 0.3**3)),
    "undented blob": (blob(np.ones((2, 3)), np.zeros(2), 0.0), 4 / 3 * np.pi),
}


def volume_nm3(solid, half=HALF):
    return voxels_inside(FINE, solid, CENTRE, half).sum() * np.prod(FINE.voxel_nm)


@pytest.mark.parametrize(("solid", "units"), SOLIDS.values(), ids=SOLIDS)
def test_volume(solid, units):
    assert volume_nm3(solid) == pytest.approx(units * UNIT_NM3, rel=0.02)


@pytest.mark.parametrize("make", [cylinder, lambda axis: l_shape(axis, (0.3, 0.4))])
def test_volume_is_the_same_along_every_axis(make):
    volumes = [volume_nm3(make(axis)) for axis in range(3)]
    assert volumes == pytest.approx([volumes[0]] * 3, rel=0.03)


def test_blob_volume_is_the_integral_over_directions():
    rng = np.random.default_rng(3)
    waves, phases, depth = rng.normal(0, 2, (4, 3)), rng.uniform(0, 6, 4), 0.6
    n = np.arange(20_000) + 0.5  # evenly spread directions: a Fibonacci lattice
    z, turn = 1 - 2 * n / n.size, np.pi * (1 + 5**0.5) * n
    directions = np.stack([z, *(np.sqrt(1 - z * z) * f(turn) for f in (np.cos, np.sin))])
    bumps = np.cos(waves @ directions + phases[:, None]).mean(0)
    units = 4 / 3 * np.pi * np.mean((1 - depth * (1 - bumps) / 2) ** 3)
    assert volume_nm3(blob(waves, phases, depth)) == pytest.approx(units * UNIT_NM3, rel=0.02)


def test_a_cylinder_is_round_across_and_straight_along():
    box = VoxelBox(("Cu",), (5, 9, 9))
    mask = voxels_inside(box, cylinder(0), (2.5, 4.5, 4.5), (1.5, 3.0, 3.0))
    assert mask.any((1, 2)).tolist() == [False, True, True, True, False]
    assert mask[2].sum() == 29  # whole-number points within 3 of the origin
    assert np.array_equal(mask[2], mask[2].T)


def test_a_pad_lies_on_top_until_it_is_mirrored():
    box = VoxelBox(("Cu",), (8, 8, 8))
    area = voxels_inside(box, via(0.25, 0.5), (4, 4, 4), (4, 4, 4)).sum((1, 2))
    assert area.tolist() == [64, 64, 12, 12, 12, 12, 12, 12]
    mirrored = voxels_inside(box, via(0.25, 0.5), (4, 4, 4), (-4, 4, 4)).sum((1, 2))
    assert mirrored.tolist() == area[::-1].tolist()


def test_an_l_lacks_its_far_quarter():
    box = VoxelBox(("Cu",), (1, 4, 4))
    mask = voxels_inside(box, l_shape(0, (0.5, 0.25)), (0.5, 2, 2), (9, 2, 2))
    expected = ["1111", "1111", "1000", "1000"]
    assert ["".join("01"[int(v)] for v in row) for row in mask[0]] == expected


@given(seed=st.integers(0, 2**32), kind=st.integers(0, len(KINDS) - 1))
@settings(deadline=None, max_examples=100)
def test_solids_stay_inside_their_half_axes(seed, kind):
    solid, widths = KINDS[kind](np.random.default_rng(seed), lambda n, _=1.0: np.full(n, 10.0))
    box = VoxelBox(("Cu",), (16, 16, 16))
    mask = voxels_inside(box, solid, (8.0, 8.0, 8.0), widths / 2)
    assert mask.any()
    assert not np.any(mask & ~voxels_inside(box, cuboid, (8.0, 8.0, 8.0), widths / 2))


def test_sizes_are_full_widths():
    rng = np.random.default_rng(0)
    widths = np.array([2 * np.abs(random_solid(rng, (2.0, 20.0))[1]) for _ in range(500)])
    finite = widths[widths < 100]
    assert finite.min() >= 2
    assert finite.max() <= 20
    assert np.median(finite) == pytest.approx(8.4, abs=0.5)
