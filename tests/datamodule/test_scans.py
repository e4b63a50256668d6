import pytest
import torch

from sem3d.datamodule.scans import ScanDataModule
from sem3d.datamodule.statistics import SAMPLES, Statistics, measure
from sem3d.simulate.noise import GaussianNoise
from sem3d.store.reader import ScanStore


@pytest.fixture
def data(store: ScanStore) -> ScanDataModule:
    noise = GaussianNoise(0.02)
    return ScanDataModule(store.root, noise, noise, batch_size=8, eval_batch_size=4, crop=[8, 8])


def test_batches_of_every_split(data: ScanDataModule) -> None:
    train = data.transform("train", training=True)(next(iter(data.train_dataloader())))
    assert train["scan"].shape == (8, 6, 8, 8)
    assert train["labels"].shape == (8, 16, 8, 8)
    test = [data.transform("test")(b) for b in data.test_dataloader()]
    assert [len(b["scan"]) for b in test] == [4, 1]
    assert test[0]["scan"].shape == (4, 6, 16, 16)
    assert len(data.val_dataloader()) == 2
    assert sum(len(b["index"]) for b in data.loader("train")) == 70


def test_training_scans_are_half_precision_in_memory_only(data: ScanDataModule) -> None:
    assert data.arrays("train")["scan"].dtype == torch.float16
    assert data.arrays("val")["scan"].dtype == torch.float32


def test_labels_equal_the_stored_ones(data: ScanDataModule, store: ScanStore) -> None:
    batch = data.transform("val")(next(iter(data.val_dataloader())))
    stored = torch.from_numpy(store.read("val", "labels", 0, 4))
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
    assert measure(scans, "x").mean == (1.0, 1.0)
