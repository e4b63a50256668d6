import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sem3d.datamodule import resident
from sem3d.datamodule.resident import load_split
from sem3d.errors import InputError
from sem3d.store.reader import ScanStore
from tests.conftest import small_recipe, write_store


@pytest.fixture
def small(tmp_path: Path) -> ScanStore:
    return write_store(tmp_path / "s.zarr", small_recipe(side=8, train=65, test=1))


def layers(dtype: torch.dtype) -> dict[str, torch.dtype | None]:
    return {"scan": dtype, "thickness_nm": None}


@pytest.mark.parametrize("memory", ["ram", "memmap", "auto"])
def test_arrays_equal_the_store(small: ScanStore, memory: str) -> None:
    arrays = load_split(small, "train", layers(torch.float32), memory)  # type: ignore[arg-type]
    np.testing.assert_array_equal(arrays["scan"].numpy(), small.read("train", "scan", 0, 65))
    assert arrays["thickness_nm"].dtype == torch.uint8
    half = load_split(small, "train", layers(torch.float16), memory)["scan"]  # type: ignore[arg-type]
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), arrays["scan"], rtol=5e-4, atol=0)


def test_memmap_is_decoded_once_and_again_when_incomplete(small: ScanStore) -> None:
    load_split(small, "test", layers(torch.float16), "memmap")
    raw = small.root.with_suffix(".memmap") / "test-scan-float16.raw"
    written = raw.stat().st_mtime_ns
    load_split(small, "test", layers(torch.float16), "memmap")
    assert raw.stat().st_mtime_ns == written
    expected = raw.read_bytes()
    raw.write_bytes(expected[:100])  # a decoding that was killed
    arrays = load_split(small, "test", layers(torch.float16), "memmap")
    assert arrays["scan"].shape == (1, 6, 8, 8)
    assert raw.read_bytes() == expected


def test_auto_takes_memmap_when_memory_is_short(
    small: ScanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "free_memory", lambda: 1000)
    load_split(small, "train", layers(torch.float16), "auto")
    assert small.root.with_suffix(".memmap").is_dir()


def test_full_disk_is_told_before_decoding(
    small: ScanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(f_bavail=1, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(InputError, match=r"needs .* GB .* has 0.0 GB free; make room or use"):
        load_split(small, "train", layers(torch.float16), "memmap")
