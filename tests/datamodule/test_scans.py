import dataclasses
from pathlib import Path

import pytest
import torch

from sem3d.datamodule.scans import ScanDataModule
from sem3d.datamodule.statistics import SAMPLES, Statistics, measure
from sem3d.errors import InputError
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import GaussianNoise
from sem3d.simulate.quirks import Quirks
from sem3d.store.reader import ScanStore
from tests.conftest import small_recipe, write_store


@pytest.fixture
def data(store: ScanStore) -> ScanDataModule:
    noise = GaussianNoise(0.02)
    return ScanDataModule(store.root, noise, noise, batch_size=8, eval_batch_size=4, crop=[8, 8])


def test_batches_of_every_split(data: ScanDataModule) -> None:
    train = data.transform("train", training=True)(next(iter(data.train_dataloader())))
    assert train["scan"].shape == (8, 6, 8, 8)
    assert train["labels"].shape == (8, 16, 8, 8)
    test = [data.transform("test")(b) for b in data.test_dataloader()]
    assert [len(b["scan"]) for b in test] == [3, 2]
    assert test[0]["scan"].shape == (3, 6, 16, 16)
    assert len(data.val_dataloader()) == 2
    assert sum(len(b["index"]) for b in data.loader("train")) == 70


def test_training_scans_are_half_precision_in_memory_only(data: ScanDataModule) -> None:
    assert data.arrays("train")["scan"].dtype == torch.float16
    assert data.arrays("val")["scan"].dtype == torch.float32


def test_labels_equal_the_stored_ones(data: ScanDataModule, store: ScanStore) -> None:
    batch = data.transform("val")(next(iter(data.val_dataloader())))
    stored = torch.from_numpy(store.read("val", "labels", 0, 3))
    assert torch.equal(batch["labels"], stored)


def test_statistics_are_those_of_the_training_scans(data: ScanDataModule, store: ScanStore) -> None:
    scans = torch.from_numpy(store.read("train", "scan", 0, 70)).double()
    statistics = data.statistics
    assert statistics.checksum == store.checksum
    assert statistics.samples == 70
    mean = scans.mean((0, 2, 3))
    torch.testing.assert_close(torch.tensor(statistics.mean).double(), mean, rtol=1e-4, atol=0)
    std = scans.std((0, 2, 3), correction=0)
    torch.testing.assert_close(torch.tensor(statistics.std).double(), std, rtol=1e-3, atol=0)
    assert Statistics.from_dict(statistics.to_dict()) == statistics


def test_statistics_use_the_first_samples_only() -> None:
    scans = torch.ones(SAMPLES + 1, 2, 1, 1)
    scans[-1] = 1e6
    assert measure(scans, "x", (0,)).mean == (1.0, 1.0)


def test_unknown_memory_is_refused(store: ScanStore) -> None:
    noise = GaussianNoise(0.02)
    with pytest.raises(InputError, match=r"datamodule.memory is 'gpus', did you mean 'gpu'"):
        ScanDataModule(store.root, noise, noise, memory="gpus")


def test_transposed_scans_meet_transposed_maps(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        small_recipe(side=8, test=3), simulator=Analytic(Quirks(transposed_scan=True))
    )
    store = write_store(tmp_path / "files.zarr", recipe)
    noise = GaussianNoise(0.0)
    data = ScanDataModule(store.root, noise, noise)
    batch = data.transform("test")(next(iter(data.test_dataloader())))
    upright = Analytic().forward(store.stack, store.beam)(batch["thickness_nm"])
    torch.testing.assert_close(upright, batch["scan"], rtol=0, atol=1e-6)


def test_published_voxels_reach_the_labels(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        small_recipe(side=8, test=2), simulator=Analytic(Quirks(height_5nm=True))
    )
    store = write_store(tmp_path / "files.zarr", recipe)
    assert (store.stack.height_nm, store.stack.slices) == (5.0, 32)
    maps = torch.from_numpy(store.read("test", "thickness_nm", 0, 2))
    labels = Quirks(height_5nm=True).labels(maps)
    assert torch.equal(torch.from_numpy(store.read("test", "labels", 0, 2)), labels)
