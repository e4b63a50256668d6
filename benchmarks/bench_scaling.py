"""Samples per second of a training with 1, 2, 4, ... devices, each with the same load.

Weak scaling: every process takes `--batch` samples per step out of memory, with noise, symmetries,
gradients summed over the processes, clipping and the optimiser's step. Efficiency is the rate per
device against the rate of one. Devices are GPUs under bfloat16 autocast where there are several,
else processes of one thread each. On a processor only ratios are printed; more processes than
free cores only share them.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from _config import compose, layers
from _table import machine, parser, show
from lightning.pytorch import Callback, Trainer

from sem3d.runtime.build import partial
from sem3d.runtime.datasets import recipe
from sem3d.runtime.executors.local import Serial
from sem3d.runtime.trainer import ranks, strategies
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.runtime.trainer.training import data_spec, keep_heap, make_data
from sem3d.store.writer import generate

WARM_UP = 3
DEFAULTS = {"cpu": {"batch": 2, "steps": 15}, "cuda": {"batch": 64, "steps": 100}}
STORE = "store.zarr"


class Clock(Callback):
    """The time at which each step has ended, on its device too."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Note the time."""
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())


def main() -> None:
    options = arguments()
    warnings.simplefilter("ignore")
    for package in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(package).setLevel(logging.ERROR)
    if options.worker:
        work(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        samples = options.batch * max(options.devices) * (options.steps + WARM_UP)
        root = Path(folder) / STORE
        for _ in generate(root, recipe(layers(root, min(samples, 1024))), Serial()):
            pass
        seconds = {n: launch(n, options, Path(folder)) for n in options.devices}
    first = options.devices[0]
    alone = options.batch / seconds[first]
    table = []
    for n, step in seconds.items():
        rate = n * options.batch / step
        absolute = [rate, 1e3 * step] if options.device == "cuda" else []
        table.append((n, *absolute, rate / alone / first, f"{rate / n / alone:.0%}"))
    shown = ("samples/s", "ms per step") if options.device == "cuda" else ()
    show(
        f"Training of {options.model} with {options.strategy} on {machine(options.device)}",
        ("devices", *shown, "x the first", "efficiency"),
        table,
        f"{options.batch} samples 31x128x128 per device and step, fastest of {options.steps} steps",
    )


def arguments() -> argparse.Namespace:
    """Read the command line; what is left unset depends on the device."""
    read = parser(__doc__)
    several = torch.cuda.device_count() > 1
    read.add_argument("--device", choices=tuple(DEFAULTS), default="cuda" if several else "cpu")
    read.add_argument("--devices", type=int, nargs="+", help="numbers of devices to compare")
    read.add_argument("--model", default="resunet", help="a network of conf/model")
    read.add_argument("--strategy", choices=("ddp", "fsdp"), default="ddp")
    read.add_argument("--batch", type=int, help="samples per device and step")
    read.add_argument("--steps", type=int, help="timed steps")
    read.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    read.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = read.parse_args()
    for name, value in DEFAULTS[options.device].items():
        setattr(options, name, getattr(options, name) or value)
    cores = len(os.sched_getaffinity(0))
    count = torch.cuda.device_count() if options.device == "cuda" else min(4, cores)
    doubled = [2**k for k in range(count.bit_length())]
    options.devices = options.devices or doubled
    return options


def launch(devices: int, options: argparse.Namespace, folder: Path) -> float:
    """Return the least time of a step with so many devices [s]; Lightning starts the ranks."""
    given = ("device", "model", "strategy", "batch", "steps")
    arguments = [f"--{name}={getattr(options, name)}" for name in given]
    call = [sys.executable, __file__, *arguments, f"--worker={devices}", f"--folder={folder}"]
    subprocess.run(call, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
    return float(json.loads((folder / "seconds.json").read_text()))


def work(options: argparse.Namespace) -> None:
    """Train in this process and those that Lightning starts beside it; rank 0 writes the time."""
    ranks.end_with_parent()
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    keep_heap()
    root, clock = options.folder / STORE, Clock()
    store = ("dataset=store", "dataset.name=bench", f"dataset.root={root}", "name=bench")
    batch = f"datamodule.batch_size={options.batch * options.worker}"
    cfg = compose("train", *store, f"model={options.model}", batch)
    data = make_data(cfg)
    spec = data_spec("bench", data, data.statistics)
    task = build_task(cfg, spec, optimizer=partial(cfg["optimizer"], "optimizer"))
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False)
    trainer = Trainer(
        accelerator="gpu" if options.device == "cuda" else "cpu",
        devices=options.worker,
        strategy="auto" if options.worker == 1 else strategies.named(options.strategy),
        precision="bf16-mixed" if options.device == "cuda" else "32-true",
        max_steps=options.steps + WARM_UP,
        max_epochs=-1,
        gradient_clip_val=cfg["trainer"]["gradient_clip_val"],
        limit_val_batches=0,
        use_distributed_sampler=False,
        enable_model_summary=False,
        callbacks=[clock],
        **quiet,
    )
    trainer.fit(task, data)
    if trainer.is_global_zero:
        ends = clock.ends[WARM_UP - 1 :]
        step = min(b - a for a, b in pairwise(ends))
        (options.folder / "seconds.json").write_text(json.dumps(step))


if __name__ == "__main__":
    main()
