"""One command scores every solver at every noise, can be stopped, and ends in a report."""

import signal
from pathlib import Path

import pytest

from sem3d.runtime.cli import CONF
from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow

SOLVERS = sorted(
    path.stem for path in (CONF / "solver").glob("*.yaml") if not path.stem.startswith("med_sem")
)
"""Of layers: those that the studies do not exclude."""
TINY = (*SMALL[:3], "dataset.splits={train: 0, val: 0, test: 2}")
"""One dataset, as both of a study would have the same name here."""


def results(commands: Commands) -> set[Path]:
    return set((commands.folder / "out" / "results").rglob("*.json"))


def test_every_solver_at_two_levels(commands: Commands) -> None:
    out = commands.succeed("evaluate", "study=noise", "noise.eval.level=0,0.05", *TINY)
    head, *lines = out.splitlines()
    assert head.startswith(f"{2 * len(SOLVERS)} evaluations; ")
    numbered = [line for line in lines if line.startswith("[")]
    assert len(numbered) == 2 * len(SOLVERS)
    assert lines[: len(numbered)] == numbered
    assert {path.parent.name for path in results(commands)} == set(SOLVERS)
    table = out[out.index("Noise study") :]
    assert all(name in table for name in SOLVERS)
    assert "printed: Numerical" in table
    report = commands.folder / "out" / "reports" / "latest"
    assert lines[-1] == str(report / "report.html")
    assert (report / "noise_study.csv").read_text().count("small/test") == len(SOLVERS)


def test_a_stopped_study_goes_on_where_it_was(commands: Commands) -> None:
    study = ("evaluate", "study=dose", "solver=lookup,lookup_map", *TINY)
    stopped = commands.signal_when(lambda: len(results(commands)) > 1, signal.SIGINT, *study)
    assert stopped.returncode == 130
    assert "run the same command again" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    kept = {path: path.stat().st_mtime_ns for path in results(commands)}
    assert len(kept) < 10
    out = commands.succeed(*study)
    assert "Dose study" in out
    assert len(results(commands)) == 10
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_network_joins_the_study(commands: Commands) -> None:
    commands.succeed("train", *SMALL, *QUICK, "debug=tiny", "name=run")
    checkpoint = commands.folder / "out" / "runs" / "run" / "checkpoints" / "best.ckpt"
    study = ("study=noise", *SMALL)
    out = commands.succeed("evaluate", f"checkpoint={checkpoint}", *study)
    assert out.startswith("5 evaluations; ")
    assert "resunet (run)" in out


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("solver=lookupp,tikhonov",), "there is no solver=lookupp, did you mean 'lookup'?"),
        (("solver=lookup", "solver.level=-1"), "solver.level is -1; give a relative noise"),
        (("checkpoint=none.ckpt",), "none.ckpt does not exist"),
    ],
)
def test_bad_input_is_one_sentence(
    commands: Commands, overrides: tuple[str, ...], told: str
) -> None:
    failed = commands.run("evaluate", "study=noise", *TINY, *overrides)
    assert failed.returncode == 2
    assert told in failed.stderr
    assert "Traceback" not in failed.stderr


def test_voxel_solver_and_network_share_the_tables_of_the_cases(commands: Commands) -> None:
    few = ("acquisition.electrons=20", "noise.eval.electrons=20", "study=cases", "dataset=nanocube")
    out = commands.succeed("evaluate", *few, "solver=med_sem")
    assert out.startswith("1 evaluations; ")
    tiny = ("dataset=voxels_demo", "acquisition.electrons=20", "dataset.splits={train: 4, val: 2}")
    commands.succeed("train", *tiny, "debug=tiny", "model=resunet64", "name=run")
    checkpoint = commands.folder / "out" / "runs" / "run" / "checkpoints" / "best.ckpt"
    out = commands.succeed("evaluate", *few, f"checkpoint={checkpoint}")
    table = out[out.index("Table 3") :]
    assert "med_sem" in table
    assert "run" in table
