"""``python -m sem3d.mesh``: a specimen out as a mesh, and in again as a dataset."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.mesh_files import stl_bytes
from sem3d.mesh import main
from sem3d.runtime import datasets
from sem3d.store.reader import ScanStore
from tests.contracts.conftest import compose
from tests.geometry.test_mesh_voxels import CUBE


def dataset(folder: Path, name: str, *more: str, **geometry) -> ScanStore:
    """A small dataset of one sample."""
    cfg = compose(
        "generate", "dataset=nanocube", f"dataset.name={name}", f"data_dir={folder}",
        "executor=serial", "acquisition.electrons=2", *more,
    )  # fmt: skip
    cfg["dataset"]["splits"] = {"test": 1}
    cfg["geometry"].update(geometry)
    return datasets.write(cfg)


@pytest.fixture(scope="module")
def cube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("data"), "cube").root


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "sem3d.mesh", *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("more", [["--material", "Cu"], ["--material", "Cu", "--text"]])
def test_a_sample_goes_out_and_comes_back(
    cube: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    out = tmp_path / "cube.stl"
    main(["export", str(cube), "0", str(out), *more])
    told = capsys.readouterr().out
    where = "x 0 to 5, y 0 to 5, z 0 to 5"
    assert told == f"{out}: 300 triangles, closed, volume 125, {where}\n"
    again = dataset(tmp_path, "again", "geometry=mesh", files={"Cu": str(out)})
    for array in ("labels", "counts"):
        there = ScanStore(cube).read("test", array, 0, 1)
        np.testing.assert_array_equal(again.read("test", array, 0, 1), there)
    out.write_bytes(stl_bytes(4 * CUBE))
    with pytest.raises(InputError, match=r"another recipe \(files_sha256.Cu is"):
        dataset(tmp_path, "again", "geometry=mesh", files={"Cu": str(out)})


def test_every_material_of_a_tri_file_is_told(
    cube: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["export", str(cube), "0", str(tmp_path / "film.tri")])
    told = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1].split(", x")[0] for line in told] == [
        "4,800 triangles, closed, volume 7875",
        "300 triangles, closed, volume 125",
    ]
    main(["inspect", str(tmp_path / "film.tri")])
    assert capsys.readouterr().out.splitlines() == told


def test_mistakes_end_with_one_sentence_and_status_2(cube: Path, tmp_path: Path) -> None:
    hole = tmp_path / "hole.stl"
    hole.write_bytes(stl_bytes(CUBE[1:]))
    out = tmp_path / "x.stl"
    for words, told in [
        (("export", cube, 1, out), "has 1 test samples but no number 1; count from 0"),
        (("export", cube, 0, out), "holds Si and Cu but an STL file one material"),
        (("inspect", hole), "hole.stl is not closed: 3 edges"),
        (("export", cube, "one", out), "invalid int value: 'one'"),
    ]:
        done = command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr.splitlines()[-1]
    assert not out.exists()
