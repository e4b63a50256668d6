"""The box of triangles: fixed bytes, walls, depth."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.triangles import Triangles, joined, read_triangles, to_text
from sem3d.simulate.nebula.box import box_triangles, range_nm
from sem3d.specimen import VoxelBox, VoxelSpecimen
from tests.simulate.nebula.conftest import small_specimen

NUMBERS = {"Si": 0, "Cu": 1}
GOLDEN = """\
0 1 3 2 0 3 4 0 3 4 1
0 1 3 2 0 3 4 1 3 2 1
0 -123 6 0 0 6 2 0 6 2 1
0 -123 6 0 0 6 2 1 6 0 1
1 0 6 2 0 6 4 0 6 4 1
1 0 6 2 0 6 4 1 6 2 1
0 1 3 2 0 3 2 1 6 2 1
0 1 3 2 0 6 2 1 6 2 0
-123 0 6 2 0 6 2 1 9 2 1
-123 0 6 2 0 9 2 1 9 2 0
-123 0 0 0 0 3 0 0 3 2 0
-123 0 0 0 0 3 2 0 0 2 0
0 -123 0 0 2 3 0 2 3 2 2
0 -123 0 0 2 3 2 2 0 2 2
-123 0 0 2 0 3 2 0 3 4 0
-123 0 0 2 0 3 4 0 0 4 0
0 -123 0 2 2 3 2 2 3 4 2
0 -123 0 2 2 3 4 2 0 4 2
-123 0 3 0 0 6 0 0 6 2 0
-123 0 3 0 0 6 2 0 3 2 0
0 -123 3 0 2 6 0 2 6 2 2
0 -123 3 0 2 6 2 2 3 2 2
-123 1 3 2 0 6 2 0 6 4 0
-123 1 3 2 0 6 4 0 3 4 0
1 0 3 2 1 6 2 1 6 4 1
1 0 3 2 1 6 4 1 3 4 1
0 -123 3 2 2 6 2 2 6 4 2
0 -123 3 2 2 6 4 2 3 4 2
-123 0 6 0 1 9 0 1 9 2 1
-123 0 6 0 1 9 2 1 6 2 1
0 -123 6 0 2 9 0 2 9 2 2
0 -123 6 0 2 9 2 2 6 2 2
-123 0 6 2 0 9 2 0 9 4 0
-123 0 6 2 0 9 4 0 6 4 0
0 -123 6 2 2 9 2 2 9 4 2
0 -123 6 2 2 9 4 2 6 4 2
-122 -122 0 0 -5 0 4 -5 0 4 0
-122 -122 0 0 -5 0 4 0 0 0 0
-122 -122 0 0 0 0 4 0 0 4 3
-122 -122 0 0 0 0 4 3 0 0 3
-122 -122 9 0 -5 9 4 -5 9 4 0
-122 -122 9 0 -5 9 4 0 9 0 0
-122 -122 9 0 0 9 4 0 9 4 3
-122 -122 9 0 0 9 4 3 9 0 3
-122 -122 0 0 -5 0 0 0 9 0 0
-122 -122 0 0 -5 9 0 0 9 0 -5
-122 -122 0 0 0 0 0 3 9 0 3
-122 -122 0 0 0 9 0 3 9 0 0
-122 -122 0 4 -5 0 4 0 9 4 0
-122 -122 0 4 -5 9 4 0 9 4 -5
-122 -122 0 4 0 0 4 3 9 4 3
-122 -122 0 4 0 9 4 3 9 4 0
-124 -124 0 0 -5 9 0 -5 9 4 -5
-124 -124 0 0 -5 9 4 -5 0 4 -5
-127 -127 0 0 3 9 0 3 9 4 3
-127 -127 0 0 3 9 4 3 0 4 3
"""
"""`small_specimen`, beam from z = -3 nm: faces normal to x, to y, to z, then the walls."""


def small_box(**changes) -> Triangles:
    specimen = small_specimen()
    box = replace(specimen.box, **changes)
    return box_triangles(VoxelSpecimen(specimen.labels, box), NUMBERS, 5.0, 10.0)


def test_a_small_specimen_gives_these_bytes() -> None:
    assert to_text(small_box()) == GOLDEN


def test_text_comes_back_as_the_same_triangles(tmp_path: Path) -> None:
    path = tmp_path / "box.tri"
    path.write_text(f"# from a test\n\n{GOLDEN}")
    again, box = read_triangles(path), small_box()
    np.testing.assert_array_equal(again.vertices, box.vertices)
    np.testing.assert_array_equal(again.inside, box.inside)
    np.testing.assert_array_equal(again.outside, box.outside)
    assert again.materials == 2


def test_normals_point_from_the_lower_to_the_higher_index() -> None:
    inner = small_box().normals[:36]
    assert (inner.sum(axis=1) > 0).all()
    assert (np.count_nonzero(inner, axis=1) == 1).all()


def test_the_walls_close_the_box() -> None:
    walls = [t for t in GOLDEN.splitlines() if len({*t.split()[:2]}) == 1]
    assert Counter(line.split()[0] for line in walls) == {"-122": 16, "-124": 2, "-127": 2}
    box = small_box()
    same = box.inside == box.outside
    area = np.linalg.norm(box.normals[same], axis=1).sum() / 2
    assert area == pytest.approx(2 * (9 * 4 + 9 * 8 + 4 * 8))


def test_absorbing_sides_take_electrons_and_slow_ones_need_another_detector() -> None:
    absorbing = small_box(sides="absorb")
    deepest = absorbing.vertices[..., 2].max(axis=1)
    walls = absorbing.inside == absorbing.outside
    np.testing.assert_array_equal(absorbing.inside[walls] == -124, deepest[walls] <= 0)
    np.testing.assert_array_equal(absorbing.inside[walls] == -127, deepest[walls] > 0)
    all_of_them = box_triangles(small_specimen(), NUMBERS, 5.0, 10.0, e_cut_eV=10.0)
    assert set(all_of_them.inside[all_of_them.inside == all_of_them.outside]) == {-122, -126, -127}
    with pytest.raises(InputError, match=r"no periodic side walls; choose sides=mirror or absorb"):
        small_box(sides="periodic")


def test_a_half_space_below_is_deeper_than_electrons_get() -> None:
    box = small_box(bottom="Cu")
    deepest = 2 + range_nm(10.0)
    assert box.vertices[..., 2].max() == pytest.approx(deepest)
    assert deepest > 1500  # the range of 10 keV in silicon
    below = (box.inside == 0) & (box.outside == 1) & (box.vertices[..., 2] == 2).all(1)
    assert below.sum() == 12
    wall = box.inside == -122
    high = np.ptp(box.vertices[wall][..., 2], axis=1)
    assert high.max() < 1.5 * 9  # about as high as wide


def test_no_material_is_asked_for_by_walls_alone() -> None:
    box = VoxelBox(("Si",), (4, 8, 8))
    empty = box_triangles(VoxelSpecimen(np.zeros(box.shape, np.uint8), box), {}, 5.0, 1.0)
    assert empty.materials == 0
    assert len(joined([empty, empty]).vertices) == 40
