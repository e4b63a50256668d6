"""From specimen to report by command lines, for every network."""

import json

import pytest

from sem3d.runtime.cli import CONF
from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow

MODELS = sorted(p.stem for p in (CONF / "model").glob("*.yaml"))


@pytest.mark.parametrize("model", MODELS)
def test_every_network_trains_a_step(commands: Commands, model: str) -> None:
    out = commands.succeed("train", *SMALL, f"model={model}", "debug=tiny", *QUICK[2:])
    assert "validation mIoU" in out


@pytest.mark.parametrize("overrides", [("task=thickness",), ("task=voxels", "loss=ce_dice")])
def test_task_and_loss_overrides(commands: Commands, overrides: tuple[str, ...]) -> None:
    commands.succeed("train", *SMALL, "model=unet", "debug=tiny", *QUICK[2:], *overrides)


def test_from_specimen_to_report(commands: Commands) -> None:
    commands.succeed("train", *SMALL, *QUICK, "trainer.max_epochs=1", "name=run")
    checkpoint = commands.folder / "out" / "runs" / "run" / "checkpoints" / "best.ckpt"
    for level in (0.0, 0.02):
        out = commands.succeed(
            "evaluate", f"checkpoint={checkpoint}", *SMALL, f"noise.eval.level={level}"
        )
        assert out.startswith("mIoU ")
    page = commands.succeed("report").strip()
    html = (commands.folder / "out" / "reports" / "latest" / "report.html").read_text()
    assert page.endswith("report.html")
    assert "run" in html
    assert ".617" in html
    results = {p.stem: p for p in (commands.folder / "out" / "results" / "run").glob("*.json")}
    assert results.keys() == {"small-test-gaussian0-best", "small-test-gaussian0.02-best"}
    noisy = json.loads(results["small-test-gaussian0.02-best"].read_text())
    assert noisy["dataset"]["samples"] == 6
    assert noisy["noise"] == {"kind": "gaussian", "level": 0.02}


def test_multirun_gives_each_job_its_own_process_and_folder(commands: Commands) -> None:
    out = commands.succeed(
        "train", "-m", "model=conv3,unet", *SMALL, "debug=tiny", *QUICK[2:], "sweep.name=two"
    )
    assert "[1/2] model-conv3: done" in out
    assert "[2/2] model-unet: done" in out
    done = list((commands.folder / "out" / "sweeps" / "two").glob("*/done.json"))
    assert sorted(p.parent.name for p in done) == ["model-conv3", "model-unet"]


def test_a_missing_large_dataset_names_the_command(commands: Commands) -> None:
    failed = commands.run("train")
    assert failed.returncode == 2
    where = f"data_dir={commands.folder}/data"
    assert f"write it with `python -m sem3d.generate dataset=layers {where}`" in failed.stderr
