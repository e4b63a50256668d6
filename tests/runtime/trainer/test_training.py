import contextlib
import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from sem3d.errors import InputError
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.checkpoint import load_task, read_checkpoint
from sem3d.runtime.trainer.slices import Stopped

pytestmark = pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals

Compose = Callable[..., dict[str, Any]]


def weights(run: RunFolder) -> dict[str, torch.Tensor]:
    return read_checkpoint(run.last)["state_dict"]


def assert_same_weights(a: RunFolder, b: RunFolder) -> None:
    ours, theirs = weights(a), weights(b)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


def curve(run: RunFolder, name: str) -> dict[int, float]:
    """Last value of a curve at every step."""
    with run.metrics.open() as f:
        return {int(r["step"]): float(r["value"]) for r in csv.DictReader(f) if r["name"] == name}


class StopAt(Callback):
    """Interrupt the training as Ctrl-C does, during a given step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


class DieAfter(Callback):
    """End the process's training abruptly once a step is done, without any clean-up."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            raise MemoryError("killed")


@pytest.mark.parametrize("step", [1, 3, 6, 7, 9])
def test_an_interrupted_run_continues_to_the_same_weights(
    config: Compose, tmp_path: Path, train_with: Any, step: int
) -> None:
    cfg = config("model=unet", "model.dropout=0.5", "task=voxels")
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    expected = train_with(cfg, whole)
    with pytest.raises(Stopped, match="interrupted at step"):
        train_with(cfg, broken, StopAt(step))
    assert not (broken.path / "done.json").exists()
    found = train_with(cfg, broken)
    assert_same_weights(whole, broken)
    # the training loss of an interrupted epoch is the mean over its last slice
    assert found | {"train/loss": 0} == expected | {"train/loss": 0}
    assert curve(broken, "train/loss").keys() == curve(whole, "train/loss").keys()
    assert curve(broken, "val/loss") == curve(whole, "val/loss")


def test_a_killed_run_continues_from_its_last_epoch(
    config: Compose, tmp_path: Path, train_with: Any
) -> None:
    cfg = config()
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    train_with(cfg, whole)
    with pytest.raises(MemoryError):
        train_with(cfg, broken, DieAfter(10))
    assert read_checkpoint(broken.last)["global_step"] == 7
    train_with(cfg, broken)
    assert_same_weights(whole, broken)


def test_time_slices_add_up_to_the_whole_run(config: Compose, tmp_path: Path) -> None:
    whole, sliced = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "sliced")
    training.train(config(), whole)
    steps = []
    while not (sliced.path / "done.json").exists():
        with contextlib.suppress(Stopped):
            training.train(config("trainer.max_time='00:00'"), sliced)
        steps.append(read_checkpoint(sliced.last)["global_step"])
    assert steps == sorted(set(steps))
    assert len(steps) > 5
    assert_same_weights(whole, sliced)


def test_finished_run_can_be_made_longer(config: Compose, tmp_path: Path) -> None:
    longer, whole = RunFolder(tmp_path / "longer"), RunFolder(tmp_path / "whole")
    training.train(config("schedule=null", "trainer.max_epochs=1"), longer)
    training.train(config("schedule=null"), longer)
    training.train(config("schedule=null"), whole)
    assert_same_weights(longer, whole)


def test_checkpoints_are_saved_inside_long_epochs(
    config: Compose, tmp_path: Path, train_with: Any
) -> None:
    run = RunFolder(tmp_path / "run")
    cfg = config("checkpoint.every_minutes=0")
    with pytest.raises(MemoryError):
        train_with(cfg, run, DieAfter(4))
    assert read_checkpoint(run.last)["global_step"] == 4


def test_checkpoint_rebuilds_the_network(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    training.train(config(), run)
    task, checkpoint = load_task(run.best)
    assert checkpoint["epoch"] in (0, 1)
    assert task.data.energies_keV == (5.0, 8.0, 12.0, 18.0, 25.0, 35.0)
    assert task(torch.rand(1, 6, 16, 16)).labels.shape == (1, 16, 16, 16)


def test_start_from_other_weights(config: Compose, tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "second")
    training.train(config("trainer.max_epochs=1"), first)
    tuned = config(f"weights={first.last}", "optimizer.lr=0.0", "schedule=null")
    training.train(tuned, second)
    for name, value in weights(first).items():
        assert torch.equal(value, weights(second)[name])


def test_weights_of_another_network_are_refused(config: Compose, tmp_path: Path) -> None:
    first = RunFolder(tmp_path / "first")
    training.train(config("trainer.max_epochs=1"), first)
    with pytest.raises(InputError, match="does not fit the network"):
        training.train(
            config(f"weights={first.last}", "model.widths=[8,8]"), RunFolder(tmp_path / "second")
        )


def test_damaged_last_checkpoint_is_told(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    training.train(config("trainer.max_epochs=1"), run)
    run.last.write_bytes(run.last.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"last.ckpt is not a readable sem3d checkpoint"):
        training.train(config(), run)


def test_early_stopping(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    cfg = config(
        "trainer.max_epochs=9", "optimizer.lr=0.0", "checkpoint.patience=2", "schedule=null"
    )
    training.train(cfg, run)
    assert len(curve(run, "val/loss")) == 3


def test_same_settings_same_weights(config: Compose, tmp_path: Path) -> None:
    a, b = RunFolder(tmp_path / "a"), RunFolder(tmp_path / "b")
    training.train(config(), a)
    training.train(config(), b)
    assert_same_weights(a, b)


def test_memory_on_a_gpu_that_is_not_used_is_told(config: Compose, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="memory=gpu needs trainer=gpu"):
        training.train(config("datamodule.memory=gpu"), RunFolder(tmp_path / "run"))


def test_last_epochs_are_kept_when_validation_is_rare(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    training.train(config("trainer.max_epochs=3", "trainer.check_val_every_n_epoch=2"), run)
    assert read_checkpoint(run.last)["global_step"] == 21


def test_epochs_of_one_step_can_be_stopped(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    one_step = ["trainer.limit_train_batches=1", "schedule=null"]
    with pytest.raises(Stopped, match="time limit was reached"):
        training.train(config(*one_step, "trainer.max_time='00:00'", "trainer.max_epochs=9"), run)
    assert read_checkpoint(run.last)["global_step"] == 1
    whole = RunFolder(tmp_path / "whole")
    training.train(config(*one_step), run)
    training.train(config(*one_step), whole)
    assert_same_weights(run, whole)


def test_large_seeds(config: Compose, tmp_path: Path) -> None:
    training.train(config("seed=4000000000", "trainer.max_steps=1"), RunFolder(tmp_path / "run"))


def test_a_smaller_network_is_no_start(config: Compose, tmp_path: Path) -> None:
    small = RunFolder(tmp_path / "small")
    stacked = ["model=stacked_unet", "task=thickness", "trainer.max_steps=1"]
    training.train(config(*stacked, "model.stacks=2"), small)
    with pytest.raises(InputError, match="is in one of them only"):
        training.train(
            config(*stacked, "model.stacks=3", f"weights={small.last}"),
            RunFolder(tmp_path / "large"),
        )
