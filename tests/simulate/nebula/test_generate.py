"""Datasets by the command line with a stand-in for Nebula: stopped, then continued."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sem3d.store.reader import ScanStore
from tests.simulate.nebula.cstool import write

pytestmark = pytest.mark.slow


def generate(folder: Path, binary: str, *more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "SEM3D_NEBULA": binary,
        "SEM3D_NEBULA_MATERIALS": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [
            sys.executable, "-m", "sem3d.generate", "dataset=voxels_demo", "simulator=nebula",
            "+simulator.materials={Si: silicon.mat, Cu: copper.mat}", "executor=serial",
            "acquisition.energies_keV=[1,5]", "acquisition.electrons=4",
            "dataset.splits={train: 9, val: 1, test: 1}", f"data_dir={folder}/data", *more,
        ],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_failed_run_leaves_no_partial_sample_and_is_continued(
    fake: Callable[..., str], tmp_path: Path
) -> None:
    for name in ("silicon", "copper"):
        write(tmp_path / f"{name}.mat")
    (tmp_path / "fail").write_text("9")  # the ninth specimen, first of the second file
    failed = generate(tmp_path, fake("once"))
    assert failed.returncode == 2, failed.stderr
    assert "SIGABRT" in failed.stderr
    assert "Traceback" not in failed.stderr
    root = tmp_path / "data" / "voxels_demo.zarr"
    assert [path.name for path in (root / ".records").iterdir()] == ["train-00000.json"]
    counts = {path: path.stat().st_mtime_ns for path in root.glob("*/counts/c/*/0/0/0")}
    assert len(counts) == 1
    done = generate(tmp_path, fake("once"))
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_mtime_ns == time for path, time in counts.items())
    store = ScanStore(root)
    assert [store.count(split) for split in ("train", "val", "test")] == [9, 1, 1]
    assert store.attributes["engine"]["engine"] == "nebula"
    assert set(store.attributes["engine"]["materials_sha256"]) == {"Si", "Cu"}


def test_missing_parts_are_told_before_anything_is_written(
    fake: Callable[..., str], tmp_path: Path
) -> None:
    refused = generate(tmp_path, fake())
    assert refused.returncode == 2
    assert "silicon.mat does not exist; make it with cstool" in refused.stderr
    assert not (tmp_path / "data" / "voxels_demo.zarr").exists()
