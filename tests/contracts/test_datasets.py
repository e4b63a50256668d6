"""Every dataset is decided by its configuration: the same bytes from any number of processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sem3d.errors import InputError
from sem3d.runtime import datasets
from sem3d.store.reader import ScanStore
from tests.contracts.conftest import compose, options

DATASETS = [name for name in options("dataset") if name != "store"]
ONLY_LARGER = {"layers": "layers_demo", "layers_mixed": "mixed_demo"}
"""Datasets that are others with more samples: tested when slow."""

SPLITS = {"train": 2, "val": 1, "test": 1}


def small(node: Any, side: int = 16) -> Any:
    """The same geometry on a small field, where it has a choice."""
    if not isinstance(node, Mapping):
        return node
    return {k: _field(v, side) if k == "shape" else small(v, side) for k, v in node.items()}


def _field(shape: list[int], side: int) -> list[int]:
    """Pixels (Y, X) made few; voxels (Z, Y, X) stay, their number is part of the geometry."""
    return [side, side] if len(shape) == 2 else shape


def written(name: str, folder: Path, executor: str) -> ScanStore:
    cfg = compose("generate", f"dataset={name}", f"data_dir={folder}", f"executor={executor}")
    cfg["geometry"] = small(cfg["geometry"])
    cfg["dataset"]["splits"] = SPLITS
    cfg["acquisition"]["electrons"] = 3
    if executor == "processes":
        cfg["executor"]["workers"] = 2
    return datasets.write(cfg)


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=pytest.mark.slow if n in ONLY_LARGER else ()) for n in DATASETS],
)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ScanStore:
    """A few samples of each dataset, written by this process."""
    return written(request.param, tmp_path_factory.mktemp("serial"), "serial")


def test_two_processes_write_the_same_bytes(store: ScanStore, tmp_path: Path) -> None:
    two = written(store.root.stem, tmp_path, "processes")
    assert contents(store.root) == contents(two.root)
    assert store.checksum == two.checksum


def test_a_dataset_is_what_its_file_says(store: ScanStore) -> None:
    assert {split: store.count(split) for split in SPLITS} == SPLITS
    labels = np.concatenate([store.read(split, "labels", 0, 1) for split in SPLITS])
    if store.attributes.get("kind") == "voxels":
        assert store.beam.electrons == 3
        assert len(store.beam.energies_keV) == 20
        assert labels.shape == (3, *store.box.shape)
        assert 1 < labels.max() <= len(store.box.materials)
        assert 0 < store.read("test", "counts", 0, 1).mean() < 3
        with pytest.raises(InputError, match="holds voxel specimens"):
            store.stack  # noqa: B018
        return
    assert store.beam.energies_keV == tuple(range(5, 36))
    assert store.stack.materials == ("Au", "Al")
    assert set(np.unique(labels)) == {0, 1, 2}
    assert store.read("test", "scan", 0, 1).std() > 0


@pytest.mark.parametrize(("large", "small"), ONLY_LARGER.items())
def test_large_datasets_differ_from_small_ones_in_size_only(large: str, small: str) -> None:
    recipes = [compose("generate", f"dataset={name}") for name in (large, small)]
    parts = ("acquisition", "geometry", "simulator")
    assert {p: recipes[0][p] for p in parts} == {p: recipes[1][p] for p in parts}


@pytest.mark.parametrize("name", DATASETS)
def test_large_datasets_are_not_written_by_surprise(name: str) -> None:
    dataset = compose("train", f"dataset={name}")["dataset"]
    assert dataset["write_on_first_use"] == (sum(dataset["splits"].values()) < 1000)


def test_datasets_are_called_as_their_files() -> None:
    names = [compose("train", f"dataset={name}")["dataset"]["name"] for name in DATASETS]
    assert names == DATASETS
