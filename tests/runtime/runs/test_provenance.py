import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from sem3d import __version__
from sem3d.runtime.runs import provenance as module
from sem3d.runtime.runs.provenance import (
    PACKAGES,
    config_hash,
    cpu_model,
    file_digest,
    git_state,
    machine,
    provenance,
    source_digest,
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one tracked file, which stands for the package's source."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    source = tmp_path / "source.py"
    source.write_text("x = 1\n")
    monkeypatch.setattr(module, "__file__", str(source))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", source.name)
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    call = ["git", "-C", str(folder), *arguments]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()


def test_versions_are_plain_and_complete() -> None:
    found = provenance()
    assert json.loads(json.dumps(found)) == found
    assert found["sem3d"] == __version__
    assert found.keys() >= {"git", "source", "python", "platform", "cpu", *PACKAGES}
    assert all(found[name][0].isdigit() for name in PACKAGES)


def test_commit_of_a_clean_and_of_a_changed_checkout(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "--short", "HEAD")
    assert git_state() == commit
    (checkout / "untracked").write_text("")
    assert git_state() == commit
    (checkout / "source.py").write_text("x = 2\n")
    assert git_state() == commit + "+"


def test_an_installed_copy_inside_another_checkout_has_no_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = checkout / "venv" / "provenance.py"
    installed.parent.mkdir()
    installed.write_text("")
    monkeypatch.setattr(module, "__file__", str(installed))
    assert git_state() is None


def test_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    assert git_state() is None


def test_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_state() is None


def test_hash_depends_on_content_alone() -> None:
    assert config_hash({"a": 1, "b": [2, {"c": None}]}) == config_hash(
        {"b": [2, {"c": None}], "a": 1}
    )
    different = [{"a": 1}, {"a": 2}, {"a": "1"}, {"a": [1]}, {"b": 1}, {}]
    assert len({config_hash(c) for c in different}) == len(different)


def test_source_digest_follows_every_file_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "package" / "room"
    room.mkdir(parents=True)
    (room / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(module, "__file__", str(room / "a.py"))
    found = [source_digest()]
    (room / "notes.txt").write_text("no code")
    assert source_digest() == found[0]
    (room / "a.py").write_text("x = 2\n")
    found.append(source_digest())
    (room / "a.py").rename(room / "b.py")
    found.append(source_digest())
    assert len(set(found)) == 3


def test_what_a_processor_computes_with() -> None:
    found = machine("cpu")
    assert found["device"] == "cpu"
    assert found["threads"] == torch.get_num_threads()
    assert found["instructions"]


def test_the_processor_has_a_name_on_any_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cpu_model()

    def absent(*_: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", absent)
    assert cpu_model()


def test_digest_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    assert file_digest(path) == hashlib.sha256(b"abc").hexdigest()
