"""geometry=mesh: parts from files, who covers whom, units and places, what is refused."""

from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.mesh import Mesh
from sem3d.geometry.mesh_files import mesh_content, stl_bytes
from sem3d.specimen import VoxelBox, VoxelSpecimen
from tests.geometry.test_mesh_voxels import CUBE


@pytest.fixture
def cube(tmp_path: Path) -> str:
    """A cube of 5 in a file."""
    path = tmp_path / "cube.stl"
    path.write_bytes(stl_bytes(5 * CUBE))
    return str(path)


def labels(**settings) -> np.ndarray:
    return Mesh(**settings)(np.random.default_rng(0)).labels


def test_a_part_lies_in_its_matrix_where_it_was_put(cube: str) -> None:
    found = labels(files={"Cu": cube}, shift_nm=(5, 8, 9))
    expected = np.ones((20, 20, 20))
    expected[5:10, 8:13, 9:14] = 2
    np.testing.assert_array_equal(found, expected)
    mesh = Mesh({"Cu": cube})
    assert mesh.box.materials == ("Si", "Cu")
    assert labels(files={"Cu": cube}, matrix=None).sum() == 125


def test_units_and_voxels_scale_the_part(cube: str) -> None:
    found = labels(
        files={"Cu": cube}, matrix=None, unit_nm=100.0, shape=(5, 10, 20), voxel_nm=(100, 50, 25)
    )
    assert (found == 1).all()


def test_a_later_part_replaces_what_it_overlaps(cube: str) -> None:
    one = labels(files={"Cu": cube, "Au": cube})
    assert (one == 3).sum() == 125
    assert not (one == 2).any()
    matrix_again = labels(files={"Cu": cube, "Si": cube})
    assert (matrix_again == 1).all()


def test_a_tri_file_holds_every_material(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    box = VoxelBox(("Si", "Cu", "Au"), (4, 5, 6), (1.0, 0.5, 2.0))
    specimen = VoxelSpecimen(rng.integers(0, 4, box.shape).astype(np.uint8), box)
    path = tmp_path / "chip.tri"
    path.write_text(str(mesh_content(specimen, path)))
    files = dict.fromkeys(box.materials, str(path))
    again = Mesh(files, None, box.shape, box.voxel_nm)
    assert again.box == box
    np.testing.assert_array_equal(again(rng).labels, specimen.labels)


def test_a_changed_file_gives_another_specimen_and_digest(cube: str) -> None:
    mesh = Mesh({"Cu": cube})
    rng = np.random.default_rng(0)
    before, digest = mesh(rng).labels, mesh.files_sha256
    Path(cube).write_bytes(stl_bytes(4 * CUBE))
    assert (mesh(rng).labels == 2).sum() == 64 < (before == 2).sum()
    assert digest.keys() == mesh.files_sha256.keys()
    assert digest != mesh.files_sha256


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"matrix": None}, r"geometry.files is empty; give 'geometry.files=\{Cu: part.stl\}'"),
        ({"unit_nm": 0.0}, "unit_nm is 0.0"),
        ({"unit_nm": float("inf")}, "unit_nm is inf"),
        ({"shift_nm": (0, 1)}, "shift_nm is"),
        ({"shift_nm": (0, 1, float("nan"))}, "shift_nm is"),
        ({"shape": (0, 1, 1)}, "voxel box has the shape"),
        ({"sides": "mirrors"}, "did you mean 'mirror'"),
    ],
)
def test_bad_settings_are_refused(settings: dict, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        Mesh(**settings)


def test_bad_files_are_refused_when_they_are_needed(cube: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.stl cannot be read .*correct geometry\.files"):
        labels(files={"Cu": str(tmp_path / "none.stl")})
    with pytest.raises(InputError, match=r"cube\.stl reaches from x = 18 to 23 nm"):
        labels(files={"Cu": cube}, shift_nm=(0, 0, 18))
