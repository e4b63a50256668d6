"""What the repository holds, and what it must not."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = re.compile(r"/(work|root|home|Users|tmp|mnt)/\w")
"""A folder of somebody's machine."""

VAGUE = {"utils", "util", "helpers", "misc", "common"}


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Every file that git holds or would take."""
    call = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine(files: list[Path]) -> None:
    found = {}
    for path in files:
        text = path.read_bytes().decode(errors="ignore")
        if match := MACHINE.search(text):
            found[str(path.relative_to(ROOT))] = text[match.start() : match.end() + 20]
    assert found == {}


def test_every_name_says_what_is_inside(files: list[Path]) -> None:
    parts = {part.split(".")[0].lower() for path in files for part in path.relative_to(ROOT).parts}
    assert parts & VAGUE == set()


def test_no_large_or_generated_file(files: list[Path]) -> None:
    assert {str(p) for p in files if p.stat().st_size > 1_000_000} == set()
    generated = {".ckpt", ".npz", ".npy", ".pyc", ".zarr", ".log"}
    shipped = {p for p in files if p.with_name(f"{p.name}.sha256").is_file()}  # own tables
    assert {str(p) for p in {*files} - shipped if p.suffix in generated} == set()


def test_the_rooms_of_the_tests_are_those_of_the_package() -> None:
    special = {"contracts", "physics", "commands", "architecture"}
    rooms = {p.name for p in (ROOT / "tests").iterdir() if any(p.glob("test_*.py"))} - special
    assert rooms <= {p.name for p in (ROOT / "sem3d").iterdir() if p.is_dir()}
