"""Running a stand-in for Nebula in all its ways to fail."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.geometry.triangles import to_text
from sem3d.simulate.nebula.box import box_triangles
from sem3d.simulate.nebula.primaries import Primaries
from sem3d.simulate.nebula.program import Program
from sem3d.specimen import Beam
from tests.simulate.nebula.conftest import small_specimen

Fake = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Geometry and primaries of the small specimen."""
    made = tmp_path / "run"
    made.mkdir()
    triangles = box_triangles(small_specimen(), {"Si": 0, "Cu": 1}, 5.0, 10.0)
    (made / "geometry.tri").write_text(to_text(triangles))
    beam = Primaries(small_specimen(), Beam([0.5, 1.25]), 2, 3.0)
    beam.write(made / "primaries.pri", np.random.SeedSequence(0))
    return made


def run(binary: str, folder: Path, materials: int = 2, **more) -> str:
    files = [folder / f"{k}.mat" for k in range(materials)]
    return Program(binary, **more).run(folder, files, 50.0, 7)


def test_a_good_run_returns_the_version_line(fake: Fake, folder: Path) -> None:
    assert run(fake(), folder) == "This is Nebula version 1.0.2"
    assert (folder / "detected.det").stat().st_size == 36 * (6 + 6)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("few", r"failed \(exit status 1\): not enough materials .*keep_files=FOLDER"),
        ("exception", r"failed \(SIGABRT\): Could not read table '/full_penn/imfp'; keep"),
        ("warning", r"warned, and its result is not used: 3 primary electrons starting with low"),
        ("WARNING", r"warned, and its result is not used: 3 primary electrons starting with low"),
        ("newer", r"is Nebula 1\.0\.3, but sem3d was tested with 1\.0\.2; .*simulator\.version=1"),
        ("other", r"does not say that it is Nebula; give the path of Nebula 1\.0\.2"),
    ],
)
def test_failures_are_told(fake: Fake, folder: Path, mode: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        run(fake(mode), folder)
    assert "\n" not in str(error.value)


def test_the_files_of_the_small_specimen_need_two_materials(fake: Fake, folder: Path) -> None:
    with pytest.raises(InputError, match=r"exit status 1"):
        run(fake(), folder, materials=1)


def test_a_cut_beam_is_an_exception_of_the_program(fake: Fake, folder: Path) -> None:
    beam = folder / "primaries.pri"
    beam.write_bytes(beam.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"SIGABRT\): Unexpected end of primaries file"):
        run(fake(), folder)


def test_another_version_may_be_accepted(fake: Fake, folder: Path) -> None:
    assert run(fake("newer"), folder, version="1.0.3").endswith("1.0.3")
    with pytest.raises(InputError, match=r"is Nebula 1\.0\.2"):
        run(fake(), folder, version="1.0.3")


def process_is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{number}/stat").read_text().split(") ")[1].startswith("Z")


def group_is_gone(folder: Path) -> bool:
    """Whether the program, which told its process number, and its child have ended."""
    words = (folder / "messages.txt").read_text().split()
    group = int(words[words.index("models:") + 1])
    for _ in range(100):
        members = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if _group(stat) == group
        ]
        if all(map(process_is_gone, members)):
            return True
        time.sleep(0.05)
    return False


def _group(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(") ")[2].split()[2])
    except OSError:
        return -1


def test_a_run_without_end_is_stopped_with_all_it_started(fake: Fake, folder: Path) -> None:
    with pytest.raises(InputError, match=r"did not end within 1 s and was stopped; raise sim"):
        run(fake("hang"), folder, timeout_s=1.0)
    assert group_is_gone(folder)


def test_an_interrupt_stops_the_program(fake: Fake, folder: Path) -> None:
    shares = []

    def interrupt(share: float) -> None:
        shares.append(share)
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Program(fake("hang")).run(folder, [Path("0"), Path("1")], 50.0, 7, interrupt)
    assert shares[-1] == 0.25
    assert group_is_gone(folder)


def test_the_program_ends_with_a_killed_parent(fake: Fake, folder: Path) -> None:
    code = (
        "from pathlib import Path; from sem3d.simulate.nebula.program import Program;"
        f"Program({fake('hang')!r}).run(Path({str(folder)!r}), [Path('0'), Path('1')], 50.0, 7)"
    )
    messages = folder / "messages.txt"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        while not (messages.is_file() and "Progress" in messages.read_text()):
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    assert group_is_gone(folder)


def test_a_missing_program_is_told(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no-nebula is not installed; .*SEM3D_NEBULA"):
        run("no-nebula", folder)


def test_a_file_that_cannot_be_executed_is_told(fake: Fake, folder: Path) -> None:
    binary = Path(fake())
    binary.chmod(0o644)
    with pytest.raises(InputError, match="is not executable"):
        run(str(binary), folder)
    binary.chmod(0o755)
    binary.write_bytes(b"\x7fELF of another machine")
    with pytest.raises(InputError, match=r"cannot be started \(Exec format error\); give"):
        run(str(binary), folder)
