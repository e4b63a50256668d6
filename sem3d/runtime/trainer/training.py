"""One training run: data, task and trainer put together, continued where it stopped."""

import ctypes
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer, seed_everything

from sem3d.datamodule.scans import ScanDataModule
from sem3d.datamodule.statistics import Statistics
from sem3d.errors import InputError
from sem3d.runtime import datasets
from sem3d.runtime.build import build, call, partial
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import ranks, strategies
from sem3d.runtime.trainer.callbacks import callbacks, shows_progress
from sem3d.runtime.trainer.checkpoint import build_task, read_checkpoint, start_from
from sem3d.runtime.trainer.checkpoint_io import AtomicCheckpointIO
from sem3d.runtime.trainer.loggers import logger
from sem3d.tasks.data import DataSpec


def train(cfg: Mapping[str, Any], run: RunFolder) -> Trainer:
    """Train or continue a run; return its trainer, which holds the last scores and the logger.

    Raises:
        InputError: the configuration, dataset or run folder does not fit.
        Stopped: the time limit or a signal ended this slice; the run can be continued.
    """
    ranks.end_with_parent()
    ranks.disconnect_at_exit()
    for package in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(package).setLevel(logging.WARNING)
    keep_heap()
    seed_everything(cfg["seed"], verbose=False)
    torch.set_float32_matmul_precision("high")
    trainer = make_trainer(cfg, run)
    data = make_data(cfg)
    statistics = _agree_on_data(cfg, run, data, trainer)
    spec = data_spec(cfg["dataset"]["name"], data, statistics)
    training = {"optimizer": partial(cfg["optimizer"], "optimizer")}
    if cfg["schedule"]:
        steps = total_steps(cfg["trainer"], data.store.count("train") // data.batch_size)
        training["schedule"] = partial(cfg["schedule"], "schedule", steps=steps)
    task = build_task(cfg, spec, **training)
    last = run.last if run.last.is_file() else None
    if last:
        read_checkpoint(last)  # a damaged file is told in one sentence
    elif cfg["weights"]:
        start_from(task, Path(cfg["weights"]))
    with warnings.catch_warnings():
        for told in (
            ".*exists and is not empty.*",  # a resumed run
            ".*LeafSpec.*",  # Lightning's own
            ".*`srun` command is available.*",  # see ranks.environment
            ".*returned a view tensor.*",  # in-place layers, which sharding turns off
        ):
            warnings.filterwarnings("ignore", message=told)
        with fits_lightning("training"), ranks.looked_after(trainer):
            trainer.fit(task, data, ckpt_path=last, weights_only=True)
    if trainer.is_global_zero:
        run.finish(cfg, scores(trainer))
    return trainer


def scores(trainer: Trainer) -> dict[str, float]:
    """Everything logged last, as plain numbers."""
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


def keep_heap() -> None:
    """Let glibc keep freed memory: mapping every large tensor anew slows the CPU down.

    Elsewhere (no `mallopt`) nothing changes.
    """
    mmap_max, trim_threshold = -4, -1  # M_MMAP_MAX and M_TRIM_THRESHOLD of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, 2**31 - 1)


def make_trainer(cfg: Mapping[str, Any], run: RunFolder) -> Trainer:
    """Build the Trainer; checkpoints, curves and stopping are ours."""
    node = {k: v for k, v in cfg["trainer"].items() if k not in ("max_time", "strategy")}
    node["enable_progress_bar"] = shows_progress(cfg)
    started = ranks.environment()
    make = partial(
        node,
        "trainer",
        default_root_dir=run.path,
        callbacks=callbacks(cfg, run),
        logger=logger(cfg, run.path),
        plugins=[AtomicCheckpointIO(), started],
        strategy=strategies.named(cfg["trainer"]["strategy"]),
        use_distributed_sampler=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    with fits_lightning("trainer"):
        trainer = call(make, "trainer")
    assert isinstance(trainer, Trainer)
    ranks.check(trainer, started)
    # Lightning's handlers wait for other ranks inside the handler; ours are in slices
    trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]
    return trainer


@contextmanager
def fits_lightning(what: str) -> Iterator[None]:
    """Tell what Lightning refuses (no such device, no such monitor) as bad input."""
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # Lightning's answer to Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except MisconfigurationException as error:
        raise InputError(
            f"{what} is refused by Lightning: {' '.join(str(error).split())}"
        ) from error


def total_steps(trainer: Mapping[str, Any], per_epoch: int) -> int:
    """Optimiser steps of the whole training.

    Lightning's own estimate sets the loaders up too early: a resumed epoch would start over.

    Raises:
        InputError: neither epochs nor steps are limited.
    """
    limit = trainer["limit_train_batches"]
    per_epoch = min(limit, per_epoch) if isinstance(limit, int) else int(limit * per_epoch)
    epochs, steps = trainer["max_epochs"], trainer["max_steps"]
    if epochs in (None, -1) and steps == -1:
        raise InputError("trainer.max_epochs is not set; a learning-rate schedule needs an end")
    whole = [epochs * per_epoch] if epochs not in (None, -1) else []
    return min([*whole, *([steps] if steps != -1 else [])])


def make_data(cfg: Mapping[str, Any]) -> ScanDataModule:
    """Build the data module of the configured dataset and noise."""
    data = build(
        cfg["datamodule"],
        "datamodule",
        root=cfg["dataset"]["root"],
        train_noise=build(cfg["noise"]["train"], "noise.train"),
        eval_noise=build(cfg["noise"]["eval"], "noise.eval"),
        seed=cfg["seed"],
    )
    assert isinstance(data, ScanDataModule)
    return data


def data_spec(name: str, data: ScanDataModule, statistics: Statistics) -> DataSpec:
    """Return what a network is built for."""
    store = data.store
    return DataSpec(
        energies_keV=store.beam.energies_keV,
        volume=store.volume,
        labels=statistics.labels,
        mean=statistics.mean,
        std=statistics.std,
        dose=data.dose,
        dataset={"name": name, "checksum": store.checksum},
    )


def _agree_on_data(
    cfg: Mapping[str, Any], run: RunFolder, data: ScanDataModule, trainer: Trainer
) -> Statistics:
    """Rank 0 opens the run, writes the dataset if it may and measures it; the others are told."""
    name = "statistics.json"

    def write() -> dict[str, Any]:
        run.open(cfg, cfg["fresh"])
        datasets.ensure(cfg)
        run.write(name, data.statistics.to_dict())
        return data.statistics.to_dict()

    return Statistics.from_dict(ranks.from_first(trainer, write, lambda: run.read(name)))
