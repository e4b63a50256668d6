"""How much work a training is, without data and without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sem3d.models.cost import count_macs
from sem3d.runtime.datasets import recipe
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.runtime.trainer.training import total_steps
from sem3d.specimen import LayerStack, VoxelBox
from sem3d.store.reader import ScanStore
from sem3d.tasks.data import DataSpec


def training_flops(cfg: Mapping[str, Any]) -> float:
    """Return the floating-point operations of a training's convolutions and linear layers.

    Forward two per multiply-add, backward twice as many; validation forward only. Augmentation,
    losses and scores are left out.

    Args:
        cfg: the run's plain configuration.

    Raises:
        InputError: dataset or network cannot be built.
    """
    energies, volume, field, train, val = _data(cfg)
    spec = DataSpec(
        energies_keV=energies,
        volume=volume,
        labels=tuple(range(len(volume.classes))),
        mean=(0.0,) * len(energies),
        std=(1.0,) * len(energies),
    )
    macs = count_macs(build_task(cfg, spec).model, len(energies), field)
    crop = cfg["datamodule"]["crop"]
    cut = crop[0] * crop[1] / (field[0] * field[1]) if crop else 1.0
    trainer, batch = cfg["trainer"], cfg["datamodule"]["batch_size"]
    per_epoch = max(1, train // batch)
    steps = total_steps(trainer, per_epoch)
    epoch = total_steps({**trainer, "max_epochs": 1, "max_steps": -1}, per_epoch)
    validations = steps // max(1, epoch) // trainer["check_val_every_n_epoch"]
    return 2.0 * macs * (3 * cut * steps * batch + validations * val)


def _data(
    cfg: Mapping[str, Any],
) -> tuple[tuple[float, ...], LayerStack | VoxelBox, tuple[int, int], int, int]:
    """Energies [keV], volume, field (Y, X) and numbers of training and validation samples."""
    if cfg["dataset"]["splits"] is None:
        store = ScanStore(Path(cfg["dataset"]["root"]))
        y, x = store.sample_shape("train", "labels")[-2:]
        counts = store.count("train"), store.count("val")
        return tuple(store.beam.energies_keV), store.volume, (y, x), *counts
    made = recipe(cfg)
    energies, splits = tuple(made.beam.energies_keV), made.splits
    if hasattr(made.geometry, "box"):
        volume, (y, x) = made.geometry.box, made.geometry.box.shape[1:]
    else:
        volume, (y, x) = made.stack, made.geometry.shape
    return energies, volume, (y, x), splits.get("train", 0), splits.get("val", 0)
