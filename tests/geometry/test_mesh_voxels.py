"""Voxels of meshes: back from their own faces, spheres, edges and corners, what is no body."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.geometry.mesh_voxels import check_closed, volume_of, voxels_of
from sem3d.geometry.voxel_faces import specimen_faces
from sem3d.specimen import VoxelBox, VoxelSpecimen

SIZES = st.tuples(*[st.sampled_from([0.1, 0.3, 1.0, 2.5, 7.7])] * 3)
CUBE = np.array(
    [
        [[0, 0, 0], [0, 1, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [1, 0, 0]],
        [[0, 0, 1], [1, 0, 1], [1, 1, 1]], [[0, 0, 1], [1, 1, 1], [0, 1, 1]],
        [[0, 0, 0], [1, 0, 0], [1, 0, 1]], [[0, 0, 0], [1, 0, 1], [0, 0, 1]],
        [[0, 1, 0], [1, 1, 1], [1, 1, 0]], [[0, 1, 0], [0, 1, 1], [1, 1, 1]],
        [[0, 0, 0], [0, 0, 1], [0, 1, 1]], [[0, 0, 0], [0, 1, 1], [0, 1, 0]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 1], [1, 0, 1]],
    ],
    float,
)  # fmt: skip
"""The unit cube, normals outwards."""


def sphere(bands: int, radius: float, centre: np.ndarray) -> np.ndarray:
    """Triangles of a ball with corners on the sphere."""
    along, around = np.arange(bands + 1) * np.pi / bands, np.arange(2 * bands) * np.pi / bands
    ring = np.stack([np.cos(around), np.sin(around), 0 * around], axis=-1)
    at = np.sin(along)[:, None, None] * ring + np.cos(along)[:, None, None] * [0, 0, 1]
    at[0], at[-1] = [0, 0, 1], [0, 0, -1]
    at = centre + radius * at
    right = np.roll(at, -1, axis=1)
    upper = np.stack([at[1:-1], right[1:-1], right[:-2]], axis=2) if bands > 1 else at[:0]
    lower = np.stack([at[1:-1], at[2:], right[1:-1]], axis=2)
    return np.concatenate([upper.reshape(-1, 3, 3), lower.reshape(-1, 3, 3)])


def box(*shape: int, nm: float = 1.0) -> VoxelBox:
    return VoxelBox(("Cu",), shape, (nm,) * 3)


@given(st.integers(1, 2**24 - 1), SIZES, st.booleans())
def test_voxels_come_back_from_their_faces(pattern: int, size: tuple, flip: bool) -> None:
    """Every ray hits the diagonal of its squares: only a strict rule for edges passes."""
    labels = np.array([pattern >> k & 1 for k in range(24)], np.uint8).reshape(2, 3, 4)
    grid = VoxelBox(("Cu",), labels.shape, size)
    corners = specimen_faces(VoxelSpecimen(labels, grid)).solid(0)
    corners = corners[:, ::-1] if flip else corners
    single = corners.astype(np.float32)
    np.testing.assert_array_equal(voxels_of(single.astype(float), grid, "part"), labels == 1)
    assert volume_of(corners) == pytest.approx((-1) ** flip * int(labels.sum()) * np.prod(size))


def test_a_sphere_is_what_its_equation_says() -> None:
    centre = np.array([10.2, 9.7, 10.4])
    corners = sphere(60, 8.0, centre)
    # a ball inscribed by chords of this many bands loses about 1 - pi^2 / (2 bands^2)
    assert volume_of(corners) == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.003)
    found = voxels_of(corners, box(20, 21, 22), "ball")
    z, y, x = np.ogrid[:20, :21, :22]
    radius = np.sqrt((x + 0.5 - 10.2) ** 2 + (y + 0.5 - 9.7) ** 2 + (z + 0.5 - 10.4) ** 2)
    assert found[radius < 7.98].all()
    assert not found[radius > 8].any()
    assert found.sum() == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.02)


@given(st.integers(0, 2**32 - 1))
def test_rays_through_corners_and_edges_leave_no_streaks(seed: int) -> None:
    """Corners on voxel centres, the worst case: inside and outside stay where they belong."""
    rng = np.random.default_rng(seed)
    ball = sphere(5, 4.0, np.full(3, 6.0))
    corners = np.round(ball + rng.uniform(-1, 1, 3)) + 0.5
    found = voxels_of(corners, box(13, 13, 13), "ball")
    assert found.sum() == pytest.approx(volume_of(corners), rel=0.35)
    low, high = corners[..., ::-1].min((0, 1)), corners[..., ::-1].max((0, 1))
    for axis in range(3):
        line = found.any(axis=tuple(k for k in range(3) if k != axis))
        (filled,) = np.nonzero(line)
        assert filled.min() + 0.5 >= low[axis]
        assert filled.max() + 0.5 <= high[axis]


def test_a_centre_on_the_surface_belongs_to_the_upper_left_front() -> None:
    found = voxels_of(2 * CUBE + 0.5, box(4, 4, 4), "cube")
    expected = np.zeros((4, 4, 4), bool)
    expected[:2, :2, :2] = True
    np.testing.assert_array_equal(found, expected)


def test_touching_bodies_share_no_voxel_and_leave_none_out() -> None:
    halves = [CUBE * [1.7, 4, 4], CUBE * [2.3, 4, 4] + [1.7, 0, 0]]
    both = sum(voxels_of(h, box(4, 4, 4), "half").astype(int) for h in halves)
    assert (both == 1).all()
    shared = [CUBE * [1.5, 4, 4], CUBE * [2.5, 4, 4] + [1.5, 0, 0]]  # through voxel centres
    assert (sum(voxels_of(h, box(4, 4, 4), "half").astype(int) for h in shared) == 1).all()


def test_overlapping_bodies_of_a_file_are_one_and_cavities_stay_empty() -> None:
    two = np.concatenate([CUBE * 3, CUBE * 3 + 1])
    found = voxels_of(two, box(4, 4, 4), "two")
    assert found.sum() == 27 + 27 - 8
    hollow = np.concatenate([CUBE * 4, CUBE[:, ::-1] * 2 + 1])
    found = voxels_of(hollow, box(4, 4, 4), "hollow")
    assert found.sum() == 64 - 8
    assert not found[1:3, 1:3, 1:3].any()


def test_many_triangles_are_taken_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    corners = sphere(12, 5.0, np.full(3, 6.0))
    whole = voxels_of(corners, box(12, 12, 12), "ball")
    monkeypatch.setattr("sem3d.geometry.mesh_voxels._PAIRS", 7)
    np.testing.assert_array_equal(voxels_of(corners, box(12, 12, 12), "ball"), whole)


@pytest.mark.parametrize(
    ("corners", "problem"),
    [
        (CUBE[1:], "is not closed: 3 edges"),
        (np.concatenate([CUBE[:1, ::-1], CUBE[1:]]), "is not closed: 3 edges"),
        (CUBE * 3 - [1, 0, 0], r"from x = -1 to 2 nm but the box from 0 to 4 nm; move or scale"),
        (CUBE * 3 + [0, 0, 2], "from z = 2 to 5 nm"),
        (CUBE * 0.3, "holds the centre of no voxel; choose smaller voxels"),
    ],
)
def test_what_is_no_body_in_the_box_is_told(corners: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=f"part.*{problem}"):
        voxels_of(corners, box(4, 4, 4), "part")


def test_facets_without_area_and_negative_zeros_do_not_open_a_surface() -> None:
    a, b = CUBE[0, 0], CUBE[0, 1]
    check_closed(np.concatenate([CUBE, [[a, b, a]], [[a, b, b]]]), "part")
    signed = CUBE.copy()
    signed[:6][signed[:6] == 0] = -0.0
    check_closed(signed, "part")
