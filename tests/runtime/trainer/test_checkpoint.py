import copy
import dataclasses
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sem3d.errors import InputError
from sem3d.models.cost import count_macs
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.checkpoint import (
    KEY,
    build_task,
    describe,
    load_task,
    read_checkpoint,
    start_from,
)
from sem3d.specimen import LayerStack, VoxelBox
from sem3d.tasks.data import DataSpec
from sem3d.tasks.reconstruction import ReconstructionTask

Compose = Callable[..., dict[str, Any]]

DATA = DataSpec(
    energies_keV=(5.0, 10.0, 20.0),
    volume=LayerStack(("Au", "Al"), (15, 150)),
    labels=(0, 1, 2),
    mean=(0.5, 0.6, 0.7),
    std=(0.1, 0.1, 0.2),
    dataset={"name": "small", "checksum": "0"},
)


@pytest.fixture
def task(config: Compose) -> ReconstructionTask:
    torch.manual_seed(0)
    return build_task(config(), DATA).eval()


@pytest.fixture
def saved(task: ReconstructionTask) -> dict[str, Any]:
    """What Lightning puts into a checkpoint of the task, without the trainer's own state."""
    checkpoint = {"state_dict": task.state_dict(), "epoch": 3, "global_step": 70}
    task.on_save_checkpoint(checkpoint)
    return checkpoint


@pytest.fixture
def path(saved: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "my_run" / "checkpoints" / "best.ckpt"
    path.parent.mkdir(parents=True)
    torch.save(saved, path)
    return path


def test_the_rebuilt_task_predicts_the_same(path: Path, task: ReconstructionTask) -> None:
    rebuilt, checkpoint = load_task(path)
    scan = torch.rand(2, 3, 16, 16)
    assert torch.equal(rebuilt(scan).labels, task(scan).labels)
    assert torch.equal(rebuilt.standardise(scan), task.standardise(scan))
    assert rebuilt.data == DATA
    assert not rebuilt.training
    assert checkpoint["global_step"] == 70


@pytest.mark.parametrize("choice", ["task=thickness", "model=unet", "model=stacked_unet"])
def test_every_kind_of_task_comes_back(config: Compose, tmp_path: Path, choice: str) -> None:
    task = build_task(config(choice), DATA)
    checkpoint = {"state_dict": task.state_dict(), "epoch": 0, "global_step": 0}
    task.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, tmp_path / "a.ckpt")
    rebuilt, _ = load_task(tmp_path / "a.ckpt")
    assert type(rebuilt) is type(task)
    assert type(rebuilt.model) is type(task.model)
    assert type(rebuilt.loss) is type(task.loss)


@pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals
def test_a_training_checkpoint_holds_tensors_and_plain_values_only(
    config: Compose, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    training.train(config("trainer.max_epochs=1", "trainer.limit_train_batches=1"), run)
    for file in (run.last, run.best):
        checkpoint = torch.load(file, weights_only=True)
        assert checkpoint[KEY].keys() == {"parts", "data", "choices"}
        task, _ = load_task(file)
        assert task.data.dataset["name"] == "small"


def test_description_for_result_files(path: Path) -> None:
    task, checkpoint = load_task(path)
    told = describe(path, task, checkpoint, None)
    assert told["name"] == "my_run"
    assert told["class"] == "sem3d.models.resunet.ResUNet"
    assert (told["model"], told["task"], told["epoch"], told["step"]) == (
        "resunet",
        "voxels",
        3,
        70,
    )
    assert told["parameters"] == sum(p.numel() for p in task.model.parameters())
    assert told["trained_on"] == {"name": "small", "checksum": "0"}
    assert describe(path, task, checkpoint, "mine")["name"] == "mine"


def test_networks_on_voxels_tell_their_multiply_adds(config: Compose, path: Path) -> None:
    box = dataclasses.replace(DATA, volume=VoxelBox(("Si", "Cu"), (6, 8, 12)))
    task, checkpoint = build_task(config(), box).eval(), load_task(path)[1]
    told = describe(path, task, checkpoint, None)
    assert told["macs"] == count_macs(task.model, 3, (8, 12)) > 0
    assert "macs" not in describe(path, *load_task(path), None)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.ckpt does not exist; train with"):
        read_checkpoint(tmp_path / "no.ckpt")
    with pytest.raises(InputError, match="does not exist"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"best\.ckpt is not a readable sem3d checkpoint \(\w+"):
        read_checkpoint(path)


class Hostile:
    """Runs a program when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickled_program_is_not_run(saved: dict[str, Any], tmp_path: Path, legacy: bool) -> None:
    path, mark = tmp_path / "hostile.ckpt", tmp_path / "mark"
    content = saved | {"hparams": Hostile(mark)}
    if legacy:
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path)
    with pytest.raises(InputError, match="is not a readable sem3d checkpoint") as told:
        load_task(path)
    assert not mark.exists()
    assert "weights_only" not in str(told.value)  # no advice to load it nevertheless


@pytest.mark.parametrize("part", ["task", "model", "loss"])
@pytest.mark.parametrize(
    "target",
    ["os.system", "lightning.pytorch.cli.instantiate_class", "sem3d.files.write_atomic"],
)
def test_a_configured_program_is_not_run(
    saved: dict[str, Any], tmp_path: Path, part: str, target: str
) -> None:
    path = tmp_path / "hostile.ckpt"
    hostile = copy.deepcopy(saved)
    hostile[KEY]["parts"][part] = {
        "_target_": target, "args": [], "init": {}, "command": f"mkdir {tmp_path / 'mark'}",
    }  # fmt: skip
    torch.save(hostile, path)
    with pytest.raises(InputError, match=f"asks to build '{target}', no part of a network"):
        load_task(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "content",
    [{"state_dict": {}}, torch.zeros(3), [1, 2], None, {"model": torch.zeros(2)}],
    ids=str,
)
def test_files_of_others_are_told(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"other\.pt is not a readable sem3d checkpoint"):
        load_task(tmp_path / "other.pt")


def test_weights_that_do_not_fit_are_told(saved: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "edited.ckpt"
    edited = copy.deepcopy(saved)
    edited[KEY]["parts"]["model"]["widths"] = [4, 16]
    torch.save(edited, path)
    with pytest.raises(
        InputError, match=r"edited\.ckpt does not fit the network \(.*size mismatch"
    ):
        load_task(path)


def test_starting_from_other_weights_keeps_this_data(config: Compose, path: Path) -> None:
    task = build_task(config(), dataclasses.replace(DATA, mean=(0.0, 0.0, 0.0)))
    start_from(task, path)
    source = read_checkpoint(path)["state_dict"]
    for name, value in task.state_dict().items():
        assert torch.equal(value, source[name]) or name == "mean", name
    assert task.mean.flatten().tolist() == [0, 0, 0]


def test_starting_from_a_network_of_other_energies_is_refused(config: Compose, path: Path) -> None:
    two = {key: getattr(DATA, key)[:2] for key in ("energies_keV", "mean", "std")}
    with pytest.raises(InputError, match="it was trained with another model"):
        start_from(build_task(config(), dataclasses.replace(DATA, **two)), path)
