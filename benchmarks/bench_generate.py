"""Samples per second of dataset generation (recipe `layers`, 31x128x128), and where it goes.

The first table writes the same samples with the serial executor and with worker processes. The
rate is that of the shards after each worker's first, so that a worker's start-up, several
seconds of imports, is a column of its own instead of a share that shrinks with the dataset.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _config import layers
from _table import machine, parser, show, times

from sem3d.geometry.voxelise import voxelise
from sem3d.runtime.datasets import recipe
from sem3d.runtime.executors.local import Processes, Serial
from sem3d.store.content import LayeredContent
from sem3d.store.schema import Recipe, create_arrays
from sem3d.store.writer import Executor, generate, write_shard

WHOLE = 10_000


SHARD = LayeredContent.shard


def main() -> None:
    read = parser(__doc__)
    read.add_argument("--samples", type=int, default=1024, help="samples per executor, 256 or more")
    options = read.parse_args()
    ways = {"serial": (Serial(), 1), "processes(2)": (Processes(2), 2)}
    rows = [(name, *measure(*way, options.samples)) for name, way in ways.items()]
    columns = ("executor", "start-up [s]", "samples/s", f"min per {WHOLE:,}", "x serial")
    table = [(n, wait, r, (wait + WHOLE / r) / 60, r / rows[0][2]) for n, wait, r in rows]
    note = f"{options.samples} samples in shards of {SHARD}, to a temporary folder"
    show(f"Generation on {machine()}", columns, table, note)
    show("Where one sample's time goes, one core", ("part", "ms per sample", "share"), parts())


def measure(executor: Executor, workers: int, samples: int) -> tuple[float, float]:
    """Return start-up [s] and samples per second of one executor."""
    with tempfile.TemporaryDirectory() as folder:
        made_by = recipe(layers(Path(folder) / "store.zarr", samples))
        clock = [time.perf_counter()]
        shards = generate(Path(folder) / "store.zarr", made_by, executor)
        clock += [time.perf_counter() for _ in shards]
    first, last = clock[1 + workers], clock[-1]  # clock[1] is before the first shard
    rate = (samples - workers * SHARD) / (last - first)
    return max(0.0, first - clock[0] - workers * SHARD / rate), rate


def parts() -> list[tuple[str, float, str]]:
    """Time of each part of one shard; writing is what the whole has beyond the others."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store.zarr"
        made_by = recipe(layers(root, SHARD))
        create_arrays(root, made_by)
        torch.set_num_threads(1)
        whole = min(times(lambda: write_shard((root, made_by, "train", 0)), repeats=3))
    seconds = calculations(made_by)
    seconds["write: pack, compress, store"] = whole - sum(seconds.values())
    rows = [(name, 1e3 * s / SHARD, f"{s / whole:.0%}") for name, s in seconds.items()]
    return [*rows, ("whole", 1e3 * whole / SHARD, "100%")]


def calculations(made_by: Recipe) -> dict[str, float]:
    """Least time of geometry, simulation and labels of one shard [s]."""
    specimens = [made_by.geometry(np.random.default_rng(k)) for k in range(SHARD)]
    maps = [torch.from_numpy(s.thickness_nm) for s in specimens]
    stack = made_by.stack
    calls = {
        "geometry": lambda: [made_by.geometry(np.random.default_rng(k)) for k in range(SHARD)],
        "simulate": lambda: [made_by.simulator.simulate(s, made_by.beam) for s in specimens],
        "labels": lambda: [voxelise(m, stack.height_nm, stack.slices) for m in maps],
    }
    return {name: min(times(call, repeats=5)) for name, call in calls.items()}


if __name__ == "__main__":
    main()
