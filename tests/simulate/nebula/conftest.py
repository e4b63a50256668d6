"""A stand-in for Nebula, small material files, and the specimen they are used on."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sem3d.specimen import VoxelBox, VoxelSpecimen

FAKE = Path(__file__).with_name("fake_nebula.py")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., str]:
    """Return the path of a program that behaves like Nebula, or in one of its bad ways."""

    def make(mode: str = "good", name: str = "nebula") -> str:
        path = tmp_path / name
        told = FAKE.read_text().replace('MODE = "good"', f"MODE = {mode!r}")
        path.write_text(f"#!{sys.executable}\n{told}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


def small_specimen() -> VoxelSpecimen:
    """2 x 2 x 3 voxels (z, y, x) of 1 x 2 x 3 nm: silicon, one voxel copper, one empty."""
    labels = np.ones((2, 2, 3), np.uint8)
    labels[0, 1, 1], labels[0, 0, 2] = 2, 0
    return VoxelSpecimen(labels, VoxelBox(("Si", "Cu"), (2, 2, 3), (1, 2, 3)))
