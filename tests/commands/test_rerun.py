"""``python -m sem3d.train --rerun``: the same run once more, or the reason why not."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow

TRAIN = (*SMALL, *QUICK, "trainer.max_epochs=2", "name=run")


def rerun(commands: Commands, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sem3d.train", "--rerun", str(folder(commands)), *more]
    return subprocess.run(
        line, env=commands.environment | environment, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip


def folder(commands: Commands) -> Path:
    return commands.folder / "out" / "runs" / "run"


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


def test_a_run_that_was_killed_and_continued_is_repeated(commands: Commands) -> None:
    last = folder(commands) / "checkpoints" / "last.ckpt"
    commands.signal_when(last.exists, signal.SIGKILL, "train", *TRAIN)
    commands.succeed("train", *TRAIN)
    assert len(json.loads((folder(commands) / "run.json").read_text())["attempts"]) == 2
    repeat = folder(commands).with_name("run-rerun")
    for said in ("score it: ", "run-rerun was trained before"):
        done = rerun(commands)
        assert done.returncode == 0, done.stderr + done.stdout
        assert said in done.stdout
        assert "identical: " in done.stdout
        assert "warning" not in done.stderr
    assert (repeat / "metrics.csv").is_file()


def test_another_number_of_threads_is_made_up_for(commands: Commands) -> None:
    commands.environment["OMP_NUM_THREADS"] = "2"
    commands.succeed("train", *TRAIN)
    done = rerun(commands, "--into", str(commands.folder / "again"), OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "identical: " in done.stdout
    attempts = json.loads((commands.folder / "again" / "run.json").read_text())["attempts"]
    assert [attempt["threads"] for attempt in attempts] == [2]


def test_changed_settings_and_data_are_noticed(commands: Commands) -> None:
    commands.succeed("train", *TRAIN)
    settings = folder(commands) / "run.json"
    edit(settings, lambda told: told["config"]["optimizer"].update(lr=0.5))
    done = rerun(commands)
    assert done.returncode == 3, done.stderr + done.stdout
    assert "different: " in done.stdout
    assert "Traceback" not in done.stderr
    assert "warning: the settings in" in done.stderr
    shutil.rmtree(commands.folder / "data")
    commands.succeed("generate", *SMALL, "dataset.seed=5")
    refused = rerun(commands, "--into", str(commands.folder / "again"))
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    assert not (commands.folder / "again" / "metrics.csv").exists()


def test_a_store_that_was_replaced_is_refused(commands: Commands) -> None:
    commands.succeed("generate", *SMALL)
    root = commands.folder / "data" / "small.zarr"
    given = ["dataset=store", "dataset.name=small", f"dataset.root={root}", *QUICK]
    commands.succeed("train", *given, "name=run", "trainer.max_steps=2")
    shutil.rmtree(root)
    commands.succeed("generate", *SMALL, "dataset.seed=5")
    refused = rerun(commands)
    assert refused.returncode == 2
    assert f"{root} is not what {folder(commands)} was trained from" in refused.stderr


def test_every_rank_repeats_the_stored_settings(commands: Commands) -> None:
    commands.succeed("train", *TRAIN, "trainer=ddp_cpu")
    done = rerun(commands)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "identical: " in done.stdout
    repeat = json.loads((folder(commands).with_name("run-rerun") / "run.json").read_text())
    assert [attempt["processes"] for attempt in repeat["attempts"]] == [2]


def test_every_rank_of_a_halved_job_stops(commands: Commands) -> None:
    sweep = commands.folder / "out" / "sweeps" / "two"
    (sweep / "other").mkdir(parents=True)
    (sweep / "other" / "metrics.csv").write_text("step,epoch,name,value\n9,0,val/score,0.99\n")
    plan = {
        "name": "two", "command": "", "parameters": {}, "jobs": {"own": {}, "other": {}},
        "base": {}, "monitor": "val/score", "mode": "max",
    }  # fmt: skip
    (sweep / "sweep.json").write_text(json.dumps(plan))
    halving = ("sweep.halving={first: 1, factor: 2}", f"folder={sweep / 'own'}")
    commands.succeed("train", *TRAIN, "trainer=ddp_cpu", *halving)
    done = json.loads((sweep / "own" / "done.json").read_text())
    assert done["halved"]["epoch"] == 1
    assert done["halved"]["cutoff"] == 0.99
    assert "is finished" in commands.succeed("train", *TRAIN, "trainer=ddp_cpu", *halving)


def test_help_mentions_it_at_once(commands: Commands) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "sem3d.train", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert "--rerun DIR" in done.stdout
    assert not [x for x in done.stderr.splitlines() if x.endswith(("| torch", "| lightning"))]
