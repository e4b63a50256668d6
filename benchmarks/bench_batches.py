"""Stacks per second out of memory against the usual loaders, and what training waits for them.

First table: every way serves the same float16 scans 31x128x128 with their thickness maps,
shuffled; the DataLoader's workers are started before the clock. Batches of 64 exceed the 32 MB up
to which the C library keeps freed memory: there a fresh buffer per batch costs its page faults.
Second table: a Trainer run of model=resunet on this processor. Lightning's profiler adds up the
time between steps (gather, then symmetries, noise and labels) and the time inside them.
"""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import zarr
from _config import compose, layers
from _table import machine, parser, show, times
from lightning.pytorch import Trainer
from lightning.pytorch.profilers import SimpleProfiler
from torch.utils.data import DataLoader, Dataset

from sem3d.datamodule.loader import GatherLoader
from sem3d.datamodule.order import EpochOrder
from sem3d.datamodule.resident import load_split
from sem3d.runtime.build import partial
from sem3d.runtime.datasets import recipe
from sem3d.runtime.executors.local import Serial
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.runtime.trainer.training import data_spec, keep_heap, make_data
from sem3d.store.reader import ScanStore
from sem3d.store.writer import generate

BATCHES = (16, 64)
TRAINED = 16
OURS = "GatherLoader, kept buffers"


class Samples(Dataset):
    """One sample per call, from arrays (N, ...) in memory or on disk."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return self.arrays["scan"].shape[0]

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {name: torch.as_tensor(array[index]) for name, array in self.arrays.items()}


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--samples", type=int, default=512, help="samples in memory, 1 MB each")
    read.add_argument("--steps", type=int, default=20, help="training steps of the second table")
    options = read.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store.zarr"
        for _ in generate(root, recipe(layers(root, options.samples)), Serial()):
            pass
        rates = {batch: measure(root, batch) for batch in BATCHES}
        seconds = training(root, options.steps)
    for batch, found in rates.items():
        table = [(name, rate, found[OURS] / rate) for name, rate in found.items()]
        columns = (f"batches of {batch}", "stacks/s", "times slower")
        show(f"Batches on {machine()}", columns, table, f"{options.samples} samples in memory")
    whole = sum(seconds.values())
    table = [(name, 1e3 * s, f"{s / whole:.2%}") for name, s in seconds.items()]
    title = f"One training step of resunet, batch {TRAINED}, 31x128x128, float32"
    show(title, ("part", "ms", "share"), table, f"mean of {options.steps} steps after the first")


def measure(root: Path, batch: int) -> dict[str, float]:
    """Samples per second of every way over a whole epoch, the fastest of three; ours first."""
    arrays = load_split(ScanStore(root), "train", torch.float16, "ram")
    group = zarr.open_group(root, mode="r")
    stored = {name: group[f"train/{name}"] for name in arrays}
    shuffled = {"batch_size": batch, "shuffle": True, "drop_last": True}
    workers = {"num_workers": 2, "persistent_workers": True}
    order = EpochOrder(len(arrays["scan"]), batch, seed=0)
    loaders = {
        OURS: GatherLoader(arrays, order),
        "DataLoader from memory, 0 workers": DataLoader(Samples(arrays), **shuffled),
        "DataLoader from memory, 2 workers": DataLoader(Samples(arrays), **shuffled, **workers),
        "DataLoader from zarr, 0 workers": DataLoader(Samples(stored), **shuffled),
    }
    return {name: batch * len(x) / min(times(epoch(x), 3)) for name, x in loaders.items()}


def epoch(loader: Iterable) -> Callable[[], object]:
    """Return the call that draws every batch of a loader."""
    return lambda: [None for _ in loader]


def training(root: Path, steps: int) -> dict[str, float]:
    """Mean time of a step's parts [s], measured inside a Trainer run."""
    store = ("dataset=store", "dataset.name=bench", f"dataset.root={root}", "name=bench")
    cfg = compose("train", *store, f"datamodule.batch_size={TRAINED}")
    data = make_data(cfg)
    spec = data_spec("bench", data, data.statistics)
    task = build_task(cfg, spec, optimizer=partial(cfg["optimizer"], "optimizer"))
    profiler = SimpleProfiler(dirpath=root.parent, filename="profile")
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False)
    trainer = Trainer(
        accelerator="cpu",
        max_steps=steps + 1,
        limit_val_batches=0,
        use_distributed_sampler=False,
        enable_model_summary=False,
        profiler=profiler,
        **quiet,
    )
    keep_heap()  # as sem3d.train does
    trainer.fit(task, data)
    parts = {
        "wait: gather": "[_TrainingEpochLoop].train_dataloader_next",
        "wait: symmetries, noise, labels": "[Strategy]SingleDeviceStrategy.batch_to_device",
        "forward, backward, update": "run_training_batch",
    }
    found = profiler.recorded_durations
    return {name: sum(found[key][1 : steps + 1]) / steps for name, key in parts.items()}


if __name__ == "__main__":
    main()
