"""Trainings whose loss and learning rate change on the way."""

from pathlib import Path
from typing import Any

import pytest
import torch

from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer.checkpoint import read_checkpoint
from sem3d.runtime.trainer.slices import Stopped
from tests.runtime.trainer.test_training import Compose, StopAt, assert_same_weights, curve

pytestmark = pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals

STAGES = ("loss=wbce_lovasz", "loss.epochs=[1]", "optimizer=adamw_stages", "schedule.ends=[0.5,1]")


@pytest.mark.parametrize("step", [3, 7, 9])
def test_a_run_stopped_in_either_stage_continues_to_the_same_weights(
    config: Compose, tmp_path: Path, train_with: Any, step: int
) -> None:
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    train_with(config(*STAGES), whole)
    with pytest.raises(Stopped, match="interrupted at step"):
        train_with(config(*STAGES), broken, StopAt(step))
    train_with(config(*STAGES), broken)
    assert_same_weights(whole, broken)
    assert curve(broken, "val/loss") == curve(whole, "val/loss")


def test_loss_and_rate_change_with_the_epoch(
    config: Compose, tmp_path: Path, train_with: Any
) -> None:
    staged, first = RunFolder(tmp_path / "staged"), RunFolder(tmp_path / "first")
    train_with(config(*STAGES), staged)
    train_with(config("loss=wbce", *STAGES[2:]), first)
    ours, theirs = curve(staged, "val/loss"), curve(first, "val/loss")
    assert ours[7] == theirs[7]  # after the first of two epochs
    assert ours[14] != theirs[14]
    assert curve(staged, "train/lr")[7] == pytest.approx(1e-5)
    weights = [read_checkpoint(run.last)["state_dict"] for run in (staged, first)]
    assert not all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
