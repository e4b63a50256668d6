"""The GPU paths: bf16 training with the data on the device, and the same scores as the CPU."""

import json

import pytest

from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("memory", ["ram", "gpu"])
def test_trains_in_bf16(commands: Commands, memory: str) -> None:
    overrides = [*SMALL, *QUICK, "trainer.max_epochs=1", f"datamodule.memory={memory}"]
    assert "validation mIoU" in commands.succeed("train", *overrides, "trainer=gpu")


def test_evaluates_as_on_the_cpu(commands: Commands) -> None:
    commands.succeed("train", *SMALL, *QUICK, "trainer.max_epochs=3", "name=run")
    checkpoint = f"checkpoint={commands.folder}/out/runs/run/checkpoints/best.ckpt"
    scores = []
    for device in ("cpu", "cuda"):
        commands.succeed("evaluate", checkpoint, *SMALL, f"device={device}", f"name={device}")
        (result,) = (commands.folder / "out" / "results" / device).glob("*.json")
        scores.append(json.loads(result.read_text())["scores"]["miou_pooled"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
