"""Every experiment, network and task is trainable as it stands; published settings are kept."""

from typing import Any

import pytest
import torch

from sem3d.runtime.build import partial
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.specimen import LayerStack
from sem3d.tasks.data import DataSpec
from sem3d.tasks.reconstruction import ReconstructionTask
from tests.contracts.conftest import compose, options

DATA = DataSpec(
    energies_keV=tuple(float(e) for e in range(5, 36)),
    volume=LayerStack(("Au", "Al"), (15, 150)),
    labels=(0, 1, 2),
    mean=31 * (0.55,),
    std=31 * (0.1,),
)

SHAPES = {"thickness_nm": (2,), "labels": (3, 16)}
"""Channels of a prediction: layers, or classes and slices."""

TRAINABLE = [f"{g}={o}" for g in ("experiment", "model", "task") for o in options(g)]

every_choice = pytest.mark.parametrize("choice", TRAINABLE)


def full_size(cfg: dict[str, Any]) -> ReconstructionTask:
    """The task with its whole network, on tensors without memory."""
    with torch.device("meta"):
        return build_task(cfg, DATA)


@every_choice
def test_loss_and_task_are_for_the_same_target(choice: str) -> None:
    task = full_size(compose("train", choice))
    assert task.loss.target == task.target


@every_choice
def test_the_prediction_has_the_shape_of_its_target(choice: str) -> None:
    task = full_size(compose("train", choice))
    scan = torch.empty(2, 31, 32, 32, device="meta")
    assert task(scan).labels.shape == (2, 16, 32, 32)
    prediction = task.prediction(task.model(scan))
    assert prediction.shape == (2, *SHAPES[task.target], 32, 32)


@every_choice
def test_the_loss_reaches_every_parameter(choice: str) -> None:
    task = full_size(compose("train", choice))
    scan = torch.empty(2, 31, 32, 32, device="meta")
    output = getattr(task.model, "stages", task.model)(scan)
    task.prediction(output).sum().backward()
    assert [name for name, p in task.model.named_parameters() if p.grad is None] == []


@every_choice
def test_optimiser_and_schedule_can_be_made(choice: str) -> None:
    cfg = compose("train", choice)
    weights = [torch.nn.Parameter(torch.zeros(3))]
    optimizer = partial(cfg["optimizer"], "optimizer")(weights)
    assert optimizer.param_groups[0]["lr"] == cfg["optimizer"]["lr"]
    if cfg["schedule"]:
        partial(cfg["schedule"], "schedule", steps=10)(optimizer)


@pytest.mark.parametrize("experiment", options("experiment"))
def test_a_try_of_an_experiment_reaches_validation(experiment: str) -> None:
    trainer = compose("train", f"experiment={experiment}", "debug=tiny")["trainer"]
    assert trainer["max_epochs"] == 1
    assert trainer["check_val_every_n_epoch"] == 1


@pytest.mark.parametrize("experiment", options("experiment"))
def test_experiments_validate_after_their_last_epoch(experiment: str) -> None:
    trainer = compose("train", f"experiment={experiment}")["trainer"]
    assert trainer["max_epochs"] % trainer["check_val_every_n_epoch"] == 0


ADAM = "torch.optim.Adam"
MSE, WEIGHTED = "sem3d.losses.mse.MSE", "sem3d.losses.mse.WeightedMSE"
PUBLISHED = {  # Artemov et al. and its published code
    "unet_to_2d": {
        "model._target_": "sem3d.models.unet.UNet", "loss._target_": MSE,
        "optimizer._target_": ADAM, "optimizer.lr": 3e-5, "optimizer.weight_decay": 5e-5,
        "trainer.max_epochs": 150,
    },
    "unet01_to_2d": {
        "loss._target_": WEIGHTED, "loss.weights": [1, 0.1], "optimizer.lr": 3e-5,
        "optimizer.weight_decay": 5e-5, "trainer.max_epochs": 150,
    },
    "unet001_to_2d": {
        "loss._target_": WEIGHTED, "loss.weights": [1, 0.01], "optimizer.lr": 3e-5,
        "optimizer.weight_decay": 5e-5, "trainer.max_epochs": 150,
    },
    "conv3_to_2d": {"model._target_": "sem3d.models.conv3.Conv3", "trainer.max_epochs": 150},
    "unet_to_3d": {"task._target_": "sem3d.tasks.voxels.VoxelTask", "trainer.max_epochs": 150},
    "stacked_unet_to_2d": {
        "model._target_": "sem3d.models.stacked_unet.StackedUNet", "model.stacks": 3,
        "optimizer._target_": ADAM, "optimizer.lr": 3e-5, "trainer.max_epochs": 100,
        "datamodule.batch_size": 8,
    },
    "hybrid_uvnet": {
        "model._target_": "sem3d.models.uvnet.UVNet", "model.head": "corrected",
        "optimizer._target_": ADAM, "optimizer.lr": 1e-4, "optimizer.weight_decay": 1e-4,
        "trainer.max_epochs": 50, "datamodule.batch_size": 16,
    },
    "hybrid_uvnet_original": {
        "model.head": "original", "loss._target_": "sem3d.losses.volume_mse.VolumeMSE",
        "optimizer.lr": 1e-4, "optimizer.weight_decay": 1e-4, "trainer.max_epochs": 50,
    },
}  # fmt: skip

published = pytest.mark.parametrize("experiment", PUBLISHED)


ZHENG = {  # Zheng et al.; batch and stages are ours
    "loss._target_": "sem3d.losses.stages.Stages", "loss.epochs": [200],
    "optimizer._target_": "torch.optim.AdamW", "optimizer.lr": 1e-4,
    "optimizer.weight_decay": 1e-4, "trainer.max_epochs": 250,
    "trainer.check_val_every_n_epoch": 5, "checkpoint.patience": 100,
    "datamodule.symmetries": False, "dataset.name": "voxels",
}  # fmt: skip
SIZES = ("lite", "small", "medium", "moderate", "no_sope", "no_s2mlp", "ffn", "unet3d")


@pytest.mark.parametrize("size", SIZES)
def test_settings_of_the_voxel_recipe(size: str) -> None:
    cfg = compose("train", f"experiment=voxels_{size}")
    assert {key: value(cfg, key) for key in ZHENG} == ZHENG
    model = "unet3d" if size == "unet3d" else f"voxnet_{size}"
    assert cfg["model"] == compose("train", f"model={model}")["model"]
    first, second = cfg["loss"]["losses"]
    assert (first["lam"], first["reading"]) == (pytest.approx(1 / 12), "literal")
    assert second["_target_"].endswith(".LovaszHinge")


def value(cfg: Any, key: str) -> Any:
    for part in key.split("."):
        cfg = cfg[part]
    return cfg


@published
def test_published_settings(experiment: str) -> None:
    cfg = compose("train", f"experiment={experiment}")
    expected = PUBLISHED[experiment]
    assert {key: value(cfg, key) for key in expected} == expected


@published
def test_published_networks_see_the_published_data(experiment: str) -> None:
    cfg = compose("train", f"experiment={experiment}")
    assert cfg["dataset"]["splits"] == {"train": 9400, "val": 1000, "test": 1000}
    assert cfg["noise"]["train"]["level"] == cfg["noise"]["eval"]["level"] == 0.02
    assert cfg["acquisition"]["energies_keV"] == list(range(5, 36))
    assert cfg["schedule"] is None
    assert cfg["trainer"]["gradient_clip_val"] is None
    assert cfg["simulator"]["quirks"]["al_alone_as_gold"]
