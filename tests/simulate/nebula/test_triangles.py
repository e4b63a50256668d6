"""Triangles: fixed bytes, closed surfaces, walls, what is refused."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.simulate.nebula.triangles import Triangles, joined, read_triangles, to_text
from sem3d.simulate.nebula.voxel_faces import box_triangles, range_nm, voxel_faces
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


def oriented(triangles: Triangles, block: int) -> np.ndarray:
    """Triangles (N, 3, 3) of one material, normals outwards."""
    flip = triangles.outside == block
    turned = triangles.vertices.copy()
    turned[flip] = turned[flip][:, ::-1]
    return turned[(triangles.inside == block) | flip]


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


@given(places=st.lists(st.floats(-1e4, 1e4, width=32), min_size=9, max_size=9))
def test_nine_digits_keep_every_float32(places: list[float]) -> None:
    vertices = np.array(places).reshape(1, 3, 3)
    try:
        one = Triangles(vertices, np.array([0]), np.array([-123]))
    except InputError:
        return  # no area
    words = to_text(one).split()
    assert len(words) == 11
    np.testing.assert_array_equal(np.array(words[2:], np.float32), np.float32(places))


@given(st.integers(0, 2**27 - 1), st.tuples(*[st.sampled_from([0.5, 1.0, 3.0])] * 3))
def test_an_interior_block_is_a_closed_surface(pattern: int, size: tuple[float, ...]) -> None:
    """Every edge is passed as often one way as the other; the volume is that of the voxels."""
    block = np.array([pattern >> k & 1 for k in range(27)]).reshape(3, 3, 3)
    ids = np.pad(block, 1)
    x, y, z = (d * np.arange(6.0) for d in size)
    faces = oriented(voxel_faces(ids, (x, y, z)), 1)
    assert len(faces) == 2 * sum(int((np.diff(ids, axis=k) != 0).sum()) for k in range(3))
    edges: Counter[tuple] = Counter()
    for face in faces.tolist():
        corners = [tuple(corner) for corner in face]
        for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
            edges[one, two] += 1
            edges[two, one] -= 1
    assert not any(edges.values())
    volume = np.linalg.det(faces).sum() / 6  # divergence theorem with the field r / 3
    assert volume == pytest.approx(block.sum() * np.prod(size))


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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no triangles"),
        ("0 1 0 0 0 1 0 0 0 1", "line 1 has 10 columns"),
        ("# one\n0 1 0 0 0 1 0 0 0 1 x", "line 2: could not convert string to float: 'x'"),
        ("0.5 1 0 0 0 1 0 0 0 1 0", "invalid literal"),
        ("0 -130 0 0 0 1 0 0 0 1 0", "id -130; give a material from 0 on or a special id"),
        ("0 -1 0 0 0 1 0 0 0 1 0", "id -1;"),
        ("0 1 0 0 0 1 0 0 nan 1 0", "not finite"),
        ("0 1 0 0 0 1 0 0 2 0 0", "triangle 1 has no area"),
    ],
)
def test_what_is_no_tri_file_is_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "bad.tri"
    path.write_text(text)
    with pytest.raises(InputError, match=f"bad.tri.*{problem}"):
        read_triangles(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tri cannot be read"):
        read_triangles(tmp_path / "none.tri")


def test_no_material_is_asked_for_by_walls_alone() -> None:
    box = VoxelBox(("Si",), (4, 8, 8))
    empty = box_triangles(VoxelSpecimen(np.zeros(box.shape, np.uint8), box), {}, 5.0, 1.0)
    assert empty.materials == 0
    assert len(joined([empty, empty]).vertices) == 40
