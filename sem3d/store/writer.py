"""Resumable dataset writer: shards are independent, deterministic and recorded when whole."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr

from sem3d import __version__
from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.geometry.protocols import CaseList
from sem3d.locks import Lock
from sem3d.store import records
from sem3d.store.schema import SCHEMA_VERSION, Recipe, array_layout, create_arrays
from sem3d.store.streams import seed_sequence

Job = tuple[Path, Recipe, str, int]
Executor = Callable[[Callable[[Job], None], list[Job]], Generator[Any, None, None]]
"""Runs a function over jobs, in any order and process, and yields as each finishes; closed, it ends
what it has started."""


def simulate_sample(recipe: Recipe, split: str, index: int) -> dict[str, Any]:
    """Return one sample's arrays; `index` and the seed alone decide them."""
    sequence = seed_sequence(recipe.seed, "geometry", split, index)
    geometry = recipe.geometry
    in_turn = isinstance(geometry, CaseList)
    specimen = geometry.case(index) if in_turn else geometry(np.random.default_rng(sequence))
    transport = seed_sequence(recipe.seed, "transport", split, index).generate_state(2)
    key = int(transport[0]), int(transport[1])
    scan = recipe.simulator.simulate(specimen, recipe.beam, key)
    seed = sequence.generate_state(1, np.uint64)[0]
    return {**recipe.content.arrays(specimen, scan), "seed": seed}


def write_shard(job: Job) -> None:
    """Simulate and write one shard, then its record; safe to repeat."""
    root, recipe, split, shard = job
    torch.set_num_threads(1)  # parallelism is over shards
    indices = recipe.samples(split, shard)
    layout = array_layout(recipe)
    block = {
        name: np.empty((len(indices), *sample), dtype)
        for name, (sample, dtype, _) in layout.items()
    }
    for row, index in enumerate(indices):
        for name, value in simulate_sample(recipe, split, index).items():
            block[name][row] = value
    group = zarr.open_group(root, mode="r+")
    for name, values in block.items():
        # zarr would read a damaged shard to fill in what the split's last one lacks
        records.shard_file(root, split, name, shard).unlink(missing_ok=True)
        _array(group, f"{split}/{name}")[indices.start : indices.stop] = values
    records.write_record(root, split, shard)


def _array(group: zarr.Group, name: str) -> zarr.Array:
    array = group[name]
    assert isinstance(array, zarr.Array)
    return array.with_config({"write_empty_chunks": True})


def generate(
    root: Path, recipe: Recipe, executor: Executor
) -> Generator[tuple[int, int], None, None]:
    """Write, continue or repair the store at `root`; yield (finished, all) shards as it goes.

    A complete store is checked file by file against its checksums; damaged shards are rewritten.

    Raises:
        InputError: the store belongs to another recipe, or another process is writing it.
    """
    with _only_writer(root):
        _open_or_create(root, recipe)
        todo = [(s, k) for s, k in recipe.shards if not _is_whole(root, s, k)]
        done = len(recipe.shards) - len(todo)
        yield done, len(recipe.shards)
        # an executor left to the garbage collector may outlive the lock, and Python itself
        with closing(executor(write_shard, [(root, recipe, *t) for t in todo])) as results:
            for finished, _ in enumerate(results, 1):
                yield done + finished, len(recipe.shards)
        _finish(root, recipe)


@contextmanager
def _only_writer(root: Path) -> Iterator[None]:
    """Hold a lock beside the store; the system frees it when the process dies."""
    lock = Lock(root.with_name(f".{root.name}.lock"))
    if not lock.take():
        raise InputError(f"{root} is being written by another process; wait for it to finish")
    try:
        yield
    finally:
        lock.release()


def _open_or_create(root: Path, recipe: Recipe) -> None:
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}.") as temporary:
            create_arrays(Path(temporary) / "new", recipe)
            shutil.move(Path(temporary) / "new", root)
    if not (root / "zarr.json").is_file():
        raise InputError(f"{root} exists but is no dataset; choose another dataset.name")
    attributes = json.loads((root / "zarr.json").read_text()).get("attributes", {})
    other = difference(attributes, recipe)
    if (attributes.get("schema_version"), attributes.get("sem3d")) != (SCHEMA_VERSION, __version__):
        other = other or f"written by sem3d {attributes.get('sem3d', 'of unknown version')}"
    if other and attributes.get("complete") is False and not (root / ".records").exists():
        shutil.rmtree(root)  # no shard was ever finished: a first try with a wrong setting
        _open_or_create(root, recipe)
    elif other:
        raise InputError(
            f"{root} holds a dataset of another recipe ({other}); "
            "choose another dataset.name, or delete that folder"
        )


def difference(attributes: dict[str, Any], recipe: Recipe) -> str:
    """Say in which settings a store's recipe differs from `recipe`; empty when in none."""
    theirs, ours = (
        _flat(recipe.deciding(c)) for c in (attributes.get("recipe", {}), recipe.config)
    )
    pairs = {k: (theirs.get(k, "absent"), ours.get(k, "absent")) for k in theirs | ours}
    shown = [f"{k} is {a!r} there, {b!r} here" for k, (a, b) in sorted(pairs.items()) if a != b]
    return "; ".join(shown[:3]) + (f"; {len(shown) - 3} more" if len(shown) > 3 else "")


def _flat(tree: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict) or not tree:
        return {path: tree}
    pairs = [_flat(v, f"{path}.{k}" if path else str(k)) for k, v in tree.items()]
    return {k: v for pair in pairs for k, v in pair.items()}


def _is_whole(root: Path, split: str, shard: int) -> bool:
    """True when the shard was recorded, here or at completion, and its files still match."""
    record = records.read_record(root, split, shard)
    if record is None:
        attributes = json.loads((root / "zarr.json").read_text())["attributes"]
        record = attributes.get("shards", {}).get(f"{split}/{shard}")
    return record is not None and record == records.measure(root, split, shard)


def _finish(root: Path, recipe: Recipe) -> None:
    """Move the records into the root attributes and mark the store complete."""
    path = root / "zarr.json"
    metadata = json.loads(path.read_text())
    known = metadata["attributes"].get("shards", {})
    fresh = {f"{s}/{k}": records.read_record(root, s, k) for s, k in recipe.shards}
    shards = {key: record or known[key] for key, record in fresh.items()}
    text = json.dumps(shards, sort_keys=True)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    metadata["attributes"] |= {"complete": True, "checksum": checksum, "shards": shards}
    write_atomic(path, json.dumps(metadata, indent=2))
    shutil.rmtree(root / ".records", ignore_errors=True)
    for leftover in root.rglob("*.partial"):  # of a killed writer
        leftover.unlink()
