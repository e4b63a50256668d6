"""Samples of one split, read from the store once and kept where a batch is one gather away."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.memory import free_memory
from sem3d.store.reader import ScanStore

Memory = Literal["auto", "ram", "gpu", "memmap"]
Arrays = dict[str, Tensor]
"""Arrays (N, ...) of equal length by name, e.g. ``scan`` and ``thickness_nm``."""

Dtypes = Mapping[str, torch.dtype | None]
"""Number types of arrays by name, None for the stored one; the first array is the large one."""


def load_split(store: ScanStore, split: str, dtypes: Dtypes, memory: Memory) -> Arrays:
    """Read a split into contiguous tensors.

    Args:
        store: the dataset.
        split: train, val or test.
        dtypes: which arrays, and as what.
        memory: "ram" and "gpu" read into memory (the caller moves the tensors to its device);
            "memmap" decodes once to raw files beside the store; "auto" takes RAM when the split
            fits in half of what is free, else memmap.

    Raises:
        InputError: the split is absent or damaged, or the disk is full while decoding.
    """
    if memory == "auto":
        memory = "ram" if _bytes(store, split, dtypes) < free_memory() / 2 else "memmap"
    read = _read_memmap if memory == "memmap" else _read
    return {name: read(store, split, name, kind) for name, kind in dtypes.items()}


def _torch_dtype(store: ScanStore, split: str, name: str) -> torch.dtype:
    return torch.from_numpy(np.empty(0, store.dtype(split, name))).dtype


def _shape(store: ScanStore, split: str, name: str) -> tuple[int, ...]:
    return store.count(split), *store.sample_shape(split, name)


def _bytes(store: ScanStore, split: str, dtypes: Dtypes) -> int:
    return sum(
        int(np.prod(_shape(store, split, name), dtype=np.int64))
        * (kind or _torch_dtype(store, split, name)).itemsize
        for name, kind in dtypes.items()
    )


def _read(store: ScanStore, split: str, name: str, dtype: torch.dtype | None) -> Tensor:
    kind = dtype or _torch_dtype(store, split, name)
    return _fill(torch.empty(_shape(store, split, name), dtype=kind), store, split, name)


def _fill(tensor: Tensor, store: ScanStore, split: str, name: str) -> Tensor:
    for start, values in store.shards(split, name):
        tensor[start : start + len(values)] = torch.from_numpy(values)
    return tensor


def _read_memmap(store: ScanStore, split: str, name: str, dtype: torch.dtype | None) -> Tensor:
    """Decode to a raw file, mark it whole with its checksum, and map it."""
    kind = dtype or _torch_dtype(store, split, name)
    shape = _shape(store, split, name)
    folder = store.root.with_suffix(".memmap")
    path = folder / f"{split}-{name}-{str(kind).removeprefix('torch.')}.raw"
    folder.mkdir(exist_ok=True)
    if not _is_current(path, store):
        path.with_suffix(".whole").unlink(missing_ok=True)
        _need_space(folder, int(np.prod(shape, dtype=np.int64)) * kind.itemsize)
        _fill(_map(path, shape, kind), store, split, name)
        write_atomic(path.with_suffix(".whole"), _mark(path, store))
    return _map(path, shape, kind)


def _map(path: Path, shape: tuple[int, ...], kind: torch.dtype) -> Tensor:
    size = int(np.prod(shape, dtype=np.int64))
    return torch.from_file(str(path), shared=True, size=size, dtype=kind).view(shape)


def _mark(path: Path, store: ScanStore) -> str:
    return hashlib.sha256(f"{store.checksum} {path.stat().st_size}".encode()).hexdigest()


def _is_current(path: Path, store: ScanStore) -> bool:
    whole = path.with_suffix(".whole")
    return path.is_file() and whole.is_file() and whole.read_text() == _mark(path, store)


def _need_space(folder: Path, size: int) -> None:
    """Refuse early: a memory-mapped write to a full disk kills the process with SIGBUS."""
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < size:
        raise InputError(
            f"{folder} needs {size / 1e9:.1f} GB for the decoded dataset and its disk has "
            f"{free.f_bavail * free.f_frsize / 1e9:.1f} GB free; make room or use "
            "datamodule.memory=ram"
        )
