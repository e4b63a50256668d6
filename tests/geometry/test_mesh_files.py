"""STL: the bytes of the format, text and binary alike, files that are none."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.mesh_files import (
    mesh_content,
    read_solid,
    read_solids,
    stl_bytes,
    stl_text,
)
from sem3d.specimen import VoxelBox, VoxelSpecimen
from tests.simulate.nebula.conftest import small_specimen

TRIANGLE = np.array([[[0, 0, 0], [3, 0, 0], [0, 2, 0]]], float)
TEXT = """\
solid nm
facet normal 0 0 1
outer loop
vertex 0 0 0
vertex 3 0 0
vertex 0 2 0
endloop
endfacet
endsolid nm
"""
EXAMPLE = """\
SOLID cube corner, vertex 1 2 3
  FACET NORMAL 0.0 0.0 -1.0
    OUTER LOOP
      VERTEX 0.0 0.0 0.0
      VERTEX 0.0 2.0e0 0.0
      VERTEX 3.0 0.0 -0.0
    ENDLOOP
  ENDFACET
ENDSOLID cube corner
"""


def written(folder: Path, content: bytes | str, name: str = "part.stl") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_binary_bytes_are_those_of_the_format() -> None:
    """80 bytes, the number of facets, then normal, three corners and two bytes per facet."""
    content = stl_bytes(TRIANGLE)
    facet = struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0)
    assert len(facet) == 50
    assert content[80:] == struct.pack("<I", 1) + facet
    assert content[:80] == b"made by sem3d: nm, z points down into the specimen".ljust(80)
    assert not content.startswith(b"solid")


def test_text_is_that_of_the_format() -> None:
    assert stl_text(TRIANGLE) == TEXT


def test_text_of_others_is_read(tmp_path: Path) -> None:
    for content in (EXAMPLE, EXAMPLE.replace("\n", "\r\n"), EXAMPLE.lower()):
        (corners,) = read_solid(written(tmp_path, content), 0)
        np.testing.assert_array_equal(corners, [[0, 0, 0], [0, 2, 0], [3, 0, 0]])
    assert len(read_solid(written(tmp_path, 2 * EXAMPLE), 0)) == 2  # two solids in one file


def test_binary_that_begins_like_text_is_read_as_binary(tmp_path: Path) -> None:
    content = b"solid of another program".ljust(80) + stl_bytes(TRIANGLE)[80:]
    np.testing.assert_array_equal(read_solid(written(tmp_path, content), 0), TRIANGLE)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=9, max_size=45).filter(bool))
def test_text_and_binary_hold_the_same_numbers(places: list[float]) -> None:
    corners = np.array(places[: len(places) // 9 * 9]).reshape(-1, 3, 3)
    numbers = np.frombuffer(stl_bytes(corners)[84:], "<f4,<f4,<f4,(9,)<f4,<u2")["f3"]
    lines = [line.split()[1:] for line in stl_text(corners).splitlines() if "vertex" in line]
    np.testing.assert_array_equal(np.array(lines, np.float32).reshape(-1, 9), numbers)
    np.testing.assert_array_equal(numbers, np.float32(corners).reshape(-1, 9))


def test_normals_have_length_1_and_point_outwards(tmp_path: Path) -> None:
    content = mesh_content(small_specimen(), Path("x.stl"), "Cu")
    assert isinstance(content, bytes)
    facets = np.frombuffer(content[84:], [("n", "<f4", 3), ("r", "<f4", (3, 3)), ("a", "<u2")])
    np.testing.assert_allclose(np.linalg.norm(facets["n"], axis=1), 1)
    outwards = facets["r"].mean(axis=1) - facets["r"].mean(axis=(0, 1))
    assert (np.sum(outwards * facets["n"], axis=1) > 0).all()


def test_every_ending_holds_the_same_solid(tmp_path: Path) -> None:
    specimen = small_specimen()
    forms = [("a.stl", "Si", False), ("b.STL", "Si", True), ("c.tri", None, False)]
    solids = [
        read_solid(written(tmp_path, mesh_content(specimen, Path(n), m, t), n), 0)
        for n, m, t in forms
    ]
    for solid in solids[1:]:
        np.testing.assert_array_equal(solid, solids[0])
    tri = mesh_content(specimen, Path("c.tri"))
    assert str(tri).startswith("# 0 = Si\n# 1 = Cu\n-123 0")
    only = written(tmp_path, mesh_content(specimen, Path("c.tri"), "Cu"), "d.tri")
    assert list(read_solids(only)) == [1]


@pytest.mark.parametrize(
    ("name", "material", "problem"),
    [
        ("x.obj", None, r"x.obj is no mesh that sem3d writes; end its name in .stl or .tri"),
        ("x.stl", None, r"holds Si and Cu but an STL file one material; choose one with --mat"),
        ("x.tri", "Co", r"the specimen holds no 'Co', did you mean 'Cu'"),
    ],
)
def test_what_cannot_be_written_is_told(name: str, material: str | None, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        mesh_content(small_specimen(), Path(name), material)


def test_an_empty_specimen_has_no_surface() -> None:
    box = VoxelBox(("Si",), (1, 1, 1))
    with pytest.raises(InputError, match="holds nothing"):
        mesh_content(VoxelSpecimen(np.zeros(box.shape, np.uint8), box), Path("x.stl"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has 0 bytes, too few for STL"),
        (stl_bytes(TRIANGLE)[:-1], "has 133 bytes but 1 facets need 134: it is cut short"),
        (stl_bytes(TRIANGLE) + b"\n", "has 135 bytes but 1 facets need 134"),
        (stl_bytes(TRIANGLE[:0]), "holds no triangles"),
        (stl_bytes(TRIANGLE)[:-6] + struct.pack("<fH", math.nan, 0), "has a corner that is not"),
        (TEXT[:-11], "has 1 facets, 3 corners and no end: it is cut short"),
        (TEXT.replace("endfacet\n", ""), "has 0 facets, 3 corners and an end"),
        (TEXT.replace("vertex 0 2 0", "vertex 0 2 0\nvertex 1 2 0"), "1 facets, 4 corners"),
        (TEXT.replace("vertex 0 2 0", "vertex 0 2"), "1 facets, 2 corners"),
        (TEXT.replace("3 0 0", "3 0 O"), "could not convert string to float"),
        (TEXT.replace("3 0 0", "3 0 nan"), "not finite"),
        ("solid nm\nendsolid nm\n" + 84 * " ", "holds no triangles"),
    ],
)
def test_what_is_no_stl_file_is_told(tmp_path: Path, content: bytes | str, problem: str) -> None:
    with pytest.raises(InputError, match=f"part.stl.*{problem}.*; export the part again"):
        read_solid(written(tmp_path, content), 0)


def test_missing_and_other_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.stl cannot be read"):
        read_solid(tmp_path / "none.stl", 0)
    with pytest.raises(InputError, match=r"part\.obj is no mesh that sem3d reads"):
        read_solid(written(tmp_path, "", "part.obj"), 0)
    tri = written(tmp_path, mesh_content(small_specimen(), Path("a.tri")), "a.tri")
    with pytest.raises(InputError, match=r"has no material 2 \(it has 0, 1\)"):
        read_solid(tri, 2)
