"""``python -m sem3d.sweep``: its verbs, as users type them."""

import subprocess
import sys
from pathlib import Path

import pytest

from sem3d.errors import InputError
from sem3d.sweep import main
from tests.report.sweeps.made import fail, make, write_plan

AXES = {"optimizer.lr": ["0.1", "0.01"], "model": ["unet", "conv3"]}


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "sem3d.sweep", *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def outputs(tmp_path: Path) -> list[str | Path]:
    """The option that names a folder with two sweeps."""
    path = tmp_path / "sweeps" / "first"
    plan = make(path, AXES, lambda values: 0.5 + float(values["optimizer.lr"]))
    fail(path / next(iter(plan.jobs)), "the disk is full")
    write_plan(tmp_path / "sweeps" / "second", AXES)
    return ["--output-dir", str(tmp_path)]


def test_help_names_every_verb() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(verb in done.stdout for verb in ("list", "status", "best", "table", "figures"))


def test_one_look_at_everything(
    outputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sweeps" / "first"
    main(["list", *outputs])
    assert capsys.readouterr().out.splitlines() == [
        "first   4 jobs: 1 failed, 3 done", "second  4 jobs: 4 waiting",
    ]  # fmt: skip
    main(["status", "first", *outputs])
    told = capsys.readouterr().out
    assert "first  1 failed  3 done" in told
    assert "failed 1x: the disk is full" in told
    main(["best", "first", "--top", "1", *outputs])
    assert capsys.readouterr().out.startswith("1. lr 0.1, model ")
    main(["table", "first", "--csv", str(tmp_path / "copy.csv"), *outputs])
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [str(path / "table.csv"), str(tmp_path / "copy.csv")]
    assert (tmp_path / "copy.csv").read_bytes() == (path / "table.csv").read_bytes()
    main(["figures", str(path)])
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [one.name for one in written] == [
        "curves.png", "parallel.png", "map.png", "importance.png",
    ]  # fmt: skip
    assert all(one.read_bytes().startswith(b"\x89PNG") for one in written)
    main(["figures", "second", *outputs])
    assert capsys.readouterr().out == "no job has a score yet: nothing to draw\n"


def test_following_a_sweep_that_does_not_run_ends_at_once(outputs: list[str]) -> None:
    done = command("status", "second", "--follow", *outputs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 waiting" in done.stdout
    assert "nothing runs; continue by: python -m sem3d.train -m" in done.stdout


def test_a_sweep_that_does_not_exist_names_those_that_do(outputs: list[str]) -> None:
    done = command("status", "frist", *outputs)
    assert (done.returncode, done.stdout) == (2, "")
    (told,) = done.stderr.splitlines()
    assert told.endswith("holds no sweep; there are: first, second")


def test_a_folder_that_is_no_sweep_is_named_as_it_was_given(
    tmp_path: Path, outputs: list[str]
) -> None:
    path = tmp_path / "sweeps" / "first"
    job = next(path.glob("lr-*"))
    for given, told in (
        (job, f"{job} is a job of the sweep {path}; give that folder"),
        (path.parent, f"{path.parent} holds no sweep"),
        (
            path.parent / "frist",
            f"{path.parent / 'frist'} holds no sweep; there are: first, second",
        ),
    ):
        with pytest.raises(InputError) as raised:
            main(["status", str(given), *outputs])
        assert str(raised.value) == told


def test_a_csv_is_a_file(tmp_path: Path, outputs: list[str]) -> None:
    with pytest.raises(InputError, match=r"--csv .* is a folder; give a file"):
        main(["table", "first", "--csv", str(tmp_path), *outputs])


def test_a_csv_goes_into_a_folder_that_is_there(tmp_path: Path, outputs: list[str]) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*/new; make it first"):
        main(["table", "first", "--csv", str(tmp_path / "new" / "a.csv"), *outputs])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("best", "first", "--top", "0"), "'0' is no positive whole number"),
        (("status",), "the following arguments are required: name"),
        (("delete", "first"), "invalid choice: 'delete'"),
    ],
)
def test_mistakes_end_with_one_sentence_and_status_2(words: tuple[str, ...], told: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]


def test_looking_at_a_sweep_loads_neither_torch_nor_matplotlib(outputs: list[str]) -> None:
    code = f"""
import sys
from sem3d.errors import InputError
from sem3d.sweep import main
main(["status", "first", *{outputs!r}])
main(["best", "first", *{outputs!r}])
main(["table", "first", *{outputs!r}])
assert not {{"torch", "matplotlib", "lightning", "wandb"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
