from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from sem3d.errors import InputError
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.averaging import TRAINED, AveragedWeights
from sem3d.runtime.trainer.checkpoint import load_task, read_checkpoint
from sem3d.runtime.trainer.slices import Stopped
from tests.runtime.trainer.test_training import Compose, DieAfter, StopAt, curve

pytestmark = pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals

State = dict[str, torch.Tensor]


def same(a: State, b: State) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class Network(LightningModule):
    """One weight, and the running statistics of batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1)


def at(step: int) -> Any:
    return Mock(spec=Trainer, global_step=step)


def stepped(averaging: AveragedWeights, network: Network, values: list[float]) -> None:
    """Train: weight and running mean take these values."""
    averaging.on_train_start(at(0), network)
    for step, value in enumerate(values, 1):
        with torch.no_grad():
            network.norm.weight.fill_(value)
            network.norm.running_mean.fill_(value)
            network.norm.num_batches_tracked += 1
        for micro_batch in range(2):  # two batches make one step
            averaging.on_train_batch_end(at(step), network, None, None, micro_batch)


def test_average_by_hand() -> None:
    network, averaging = Network(), AveragedWeights(0.2)
    stepped(averaging, network, [4.0, 8.0])
    saved: dict[str, Any] = {"state_dict": network.state_dict()}
    averaging.on_save_checkpoint(at(2), network, saved)
    average = {key: value.item() for key, value in saved["state_dict"].items()}
    # the first step keeps 2/11, the second 0.2, from weight 1 and mean 0
    weight, mean = 1 + 9 / 11 * 3, 9 / 11 * 4
    assert average["norm.weight"] == pytest.approx(0.2 * weight + 0.8 * 8)
    assert average["norm.running_mean"] == pytest.approx(0.2 * mean + 0.8 * 8)
    assert average["norm.num_batches_tracked"] == 2
    assert saved[TRAINED]["norm.weight"].item() == 8.0


def test_validation_sees_the_average_in_the_same_memory() -> None:
    network, averaging = Network(), AveragedWeights(0.999)
    stepped(averaging, network, [5.0])
    where = network.norm.weight.data_ptr()
    averaging.on_validation_epoch_start(at(1), network)
    assert 1 < network.norm.weight.item() < 5
    assert network.norm.weight.data_ptr() == where
    averaging.on_validation_epoch_end(at(1), network)
    assert network.norm.weight.item() == 5.0


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5, -1.0])
def test_decays_outside_0_to_1_are_refused(decay: float) -> None:
    with pytest.raises(InputError, match=r"ema is .*; give a number between 0 and 1"):
        AveragedWeights(decay)


@pytest.mark.parametrize("stop", [StopAt(3), StopAt(9), DieAfter(10)])
def test_a_broken_run_continues_to_the_same_average(
    config: Compose, tmp_path: Path, train_with: Any, stop: Callback
) -> None:
    cfg = config("model=unet", "model.dropout=0.5", "task=voxels", "ema=0.9")
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    train_with(cfg, whole)
    with pytest.raises((Stopped, MemoryError)):
        train_with(cfg, broken, stop)
    train_with(cfg, broken)
    ours, theirs = read_checkpoint(whole.last), read_checkpoint(broken.last)
    assert same(ours["state_dict"], theirs["state_dict"])
    assert same(ours[TRAINED], theirs[TRAINED])
    assert not same(ours["state_dict"], ours[TRAINED])
    assert curve(broken, "val/loss") == curve(whole, "val/loss")


def test_averaging_does_not_change_the_training(config: Compose, tmp_path: Path) -> None:
    plain, averaged = RunFolder(tmp_path / "plain"), RunFolder(tmp_path / "averaged")
    training.train(config(), plain)
    training.train(config("ema=0.9"), averaged)
    assert same(read_checkpoint(plain.last)["state_dict"], read_checkpoint(averaged.last)[TRAINED])
    assert curve(plain, "train/loss") == curve(averaged, "train/loss")
    assert curve(plain, "val/loss") != curve(averaged, "val/loss")


def test_evaluation_uses_the_average_that_was_validated(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    cfg = config("ema=0.9", "trainer.max_epochs=1")
    training.train(cfg, run)
    task, checkpoint = load_task(run.best)
    state = {k: v for k, v in task.state_dict().items() if k.startswith("model.")}
    assert same(state, {k: checkpoint["state_dict"][k] for k in state})
    assert not same(state, {k: checkpoint[TRAINED][k] for k in state})
    data = training.make_data(cfg)
    transform, losses, samples = data.transform("val"), 0.0, 0
    for gathered in data.loader("val"):
        batch = transform(gathered)
        with torch.no_grad():
            logits = task.model(task.standardise(batch["scan"]))
            losses += task.loss(logits, batch["labels"]).item() * len(logits)
        samples += len(logits)
    (validated,) = curve(run, "val/loss").values()
    assert losses / samples == pytest.approx(validated, rel=1e-5)


def test_a_run_with_another_average_is_another_run(config: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    training.train(config("trainer.max_epochs=1"), run)
    with pytest.raises(InputError, match="other settings of ema"):
        training.train(config("ema=0.9"), run)
