"""Triangles and `.tri` files: closed surfaces, single materials, what is refused."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.triangles import VACUUM, Triangles, read_triangles, to_text
from sem3d.geometry.voxel_faces import specimen_faces, voxel_faces
from tests.simulate.nebula.conftest import small_specimen


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
    faces = voxel_faces(ids, (x, y, z)).solid(1)
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


def test_a_specimen_has_closed_surfaces_with_vacuum_around_it() -> None:
    faces = specimen_faces(small_specimen())
    assert faces.numbers == [0, 1]
    for number, voxels in ((0, 10), (1, 1)):
        corners = faces.solid(number)
        assert np.linalg.det(corners).sum() / 6 == pytest.approx(voxels * 6)
        alone = faces.only(number)
        np.testing.assert_array_equal(alone.solid(number), corners)
        assert ({*alone.inside}, {*alone.outside}) == ({number}, {VACUUM})
    assert len(faces.solid(1)) == 12
    assert (faces.vertices.min(axis=(0, 1)) == 0).all()
    assert faces.vertices.max(axis=(0, 1)).tolist() == [9, 4, 2]
    assert len(faces.solid(7)) == 0


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
