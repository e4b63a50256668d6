import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.files import checksum_file, read_arrays, write_arrays, write_atomic

ARRAYS = {"a": np.arange(6).reshape(2, 3), "told": "words"}


def test_arrays_come_back_with_the_digest_of_their_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.npz"
    write_arrays(path, ARRAYS)
    arrays, sha256 = read_arrays(path, "make it")
    np.testing.assert_array_equal(arrays["a"], ARRAYS["a"])
    assert str(arrays["told"]) == "words"
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sorted(p.name for p in path.parent.iterdir()) == ["x.npz", "x.npz.sha256"]
    call = ["sha256sum", "-c", "x.npz.sha256"]
    assert subprocess.run(call, cwd=path.parent, capture_output=True, check=True)


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("x.npz", "y.npz"):
        write_arrays(tmp_path / name, ARRAYS)
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()


def test_missing_altered_and_foreign_files_are_told_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(InputError, match=r"x\.npz or its \.sha256 is missing; make it$"):
        read_arrays(path, "make it")
    write_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"x\.npz differs from its SHA-256; make it$"):
        read_arrays(path, "make it")
    path.write_bytes(b"words")
    checksum_file(path).write_text(hashlib.sha256(b"words").hexdigest())
    with pytest.raises(InputError, match=r"x\.npz is not an \.npz file; make it$"):
        read_arrays(path, "make it")
    checksum_file(path).write_text("")
    with pytest.raises(InputError, match="is missing"):
        read_arrays(path, "make it")


def test_a_write_that_fails_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.txt"
    write_atomic(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
