import json
import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.specimen import Beam, Scan
from sem3d.store.reader import ScanStore
from sem3d.store.records import shard_file
from tests.conftest import small_recipe, write_store


@pytest.fixture
def copy(store: ScanStore, tmp_path: Path) -> Path:
    return shutil.copytree(store.root, tmp_path / "copy.zarr")


def test_shards_in_order_make_the_split(store: ScanStore) -> None:
    parts = list(store.shards("train", "thickness_nm"))
    assert [start for start, _ in parts] == [0, 64]
    together = np.concatenate([values for _, values in parts])
    np.testing.assert_array_equal(together, store.read("train", "thickness_nm", 0, 70))


def test_nouns_come_back(store: ScanStore) -> None:
    recipe = small_recipe()
    assert store.stack == recipe.stack
    assert store.beam == recipe.beam
    assert len(store) == 81


@pytest.mark.parametrize("harm", ["flip", "truncate", "delete"])
@pytest.mark.parametrize("array", ["scan", "thickness_nm", "labels"])
def test_damage_is_found_and_the_remedy_named(copy: Path, array: str, harm: str) -> None:
    file = shard_file(copy, "val", array, 0)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    if harm == "delete":
        file.unlink()
    else:
        file.write_bytes(content if harm == "flip" else content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"damaged at val/{array}.*repair it with `python -m"):
        ScanStore(copy).read("val", array, 0, 6)


def test_non_finite_scan_is_refused(tmp_path: Path) -> None:
    class Broken:
        provenance: ClassVar = {"engine": "broken"}

        def simulate(self, specimen: object, beam: object, seed: object) -> object:
            signal = np.full((6, 16, 16), 0.5, np.float32)
            signal[2, 3, 4] = np.nan
            scan = Scan(np.full_like(signal, 0.5), Beam(range(5, 11)))
            object.__setattr__(scan, "signal", signal)  # past the check
            return scan

    recipe = small_recipe(test=2)
    object.__setattr__(recipe, "simulator", Broken())
    broken = write_store(tmp_path / "nan.zarr", recipe)
    with pytest.raises(InputError, match="not finite, first at energy index 2, y 3, x 4"):
        broken.read("test", "scan", 0, 1)


def test_missing_store(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"does not exist; write it with `python -m sem3d.generate"
    ):
        ScanStore(tmp_path / "none.zarr")


def test_missing_split(copy: Path) -> None:
    shutil.rmtree(copy / "val")
    with pytest.raises(InputError, match="has no val samples; choose from train, test"):
        ScanStore(copy).read("val", "scan", 0, 1)


def test_another_schema_version(copy: Path) -> None:
    metadata = json.loads((copy / "zarr.json").read_text())
    metadata["attributes"]["schema_version"] = 99
    (copy / "zarr.json").write_text(json.dumps(metadata))
    with pytest.raises(InputError, match="schema version 99, this sem3d reads 1"):
        ScanStore(copy)


def test_truncated_metadata(copy: Path) -> None:
    text = (copy / "zarr.json").read_text()
    (copy / "zarr.json").write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match=r"zarr.json is not readable"):
        ScanStore(copy)
