"""``python -m sem3d.materials``: its verbs, as users type them."""

import subprocess
import sys
from pathlib import Path

import pytest

from sem3d.materials import main
from tests.simulate.nebula.cstool import write


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "sem3d.materials", *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)


def test_help_names_every_verb() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(verb in done.stdout for verb in ("add", "list", "show", "inspect", "compact"))


def test_an_added_material_is_listed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["add", "SiO2", "2.65", "--name", "quartz", "--source", "CRC", "--library", str(tmp_path)])
    told = capsys.readouterr().out
    assert told.startswith(
        "quartz       2.650 g/cm3   CRC\nweight: Si 46.7 %, O 53.3 %; mean Z 10.80"
    )
    assert [line.split()[0] for line in told.splitlines()[2:]] == [
        "energy", "mean", "transport", "stopping", "range", "backscatter", "its",
    ]  # fmt: skip
    main(["show", "quartz", "--library", str(tmp_path)])
    assert capsys.readouterr().out == told
    main(["list", "--library", str(tmp_path)])
    listed = capsys.readouterr().out.splitlines()
    assert listed[-1] == "quartz       2.650 g/cm3   CRC"
    assert listed[0].startswith("C ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "SiO2", "2.65"), "error: material 'SiO2' is known with 2.2 g/cm3"),
        (("add", "Nb", "8.57"), "error: element 'Nb' has no screening function"),
        (("add", "Tc", "11"), "error: material 'Tc' has the unknown element 'Tc'"),
        (("add", "Al2O3", "heavy"), "invalid float value: 'heavy'"),
        (("show", "SiO"), "error: material 'SiO' is not known, did you mean 'SiO2'?"),
        (("inspect", "none.mat"), "error: material file none.mat does not exist"),
        (("delete", "Si"), "invalid choice: 'delete'"),
    ],
)
def test_mistakes_end_with_one_sentence_and_status_2(words: tuple[str, ...], told: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
    assert done.stdout == ""


def test_a_file_is_inspected_and_made_compact(tmp_path: Path) -> None:
    source, target = write(tmp_path / "si.mat"), tmp_path / "small.mat"
    done = command("inspect", source)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("silicon, with band gap, by cstool 1.0.7\nfermi 7.8 eV, barrier")
    assert "16 x 15 x 15" in done.stdout
    done = command("compact", source, target)
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout
    assert "16 x 3 x 15" in command("inspect", target).stdout


def test_every_problem_of_a_file_is_told(tmp_path: Path) -> None:
    def spoil(file) -> None:
        del file["full_penn/q_icdf"].attrs["units"], file.attrs["fermi"]

    bad = write(tmp_path / "bad.mat", spoil)
    done = command("inspect", bad)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"{bad}: attribute 'fermi' is missing or no value with a unit",
        f"{bad}: full_penn/q_icdf has no attribute 'units'",
    ]
    done = command("compact", bad, tmp_path / "small.mat")
    assert done.returncode == 2
    assert "(and 1 more)" in done.stderr
