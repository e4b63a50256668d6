"""Voxel datasets: counts become yields of a dose, labels turn with them."""

import numpy as np
import pytest
import torch

from sem3d.datamodule.scans import ScanDataModule
from sem3d.errors import InputError
from sem3d.simulate.dose import Dose
from sem3d.simulate.noise import GaussianNoise
from sem3d.store.reader import ScanStore


def module(store: ScanStore, train: Dose | None = None, **settings: object) -> ScanDataModule:
    return ScanDataModule(store.root, train or Dose(), Dose(), batch_size=6, **settings)  # type: ignore[arg-type]


def columns(batch: dict[str, torch.Tensor]) -> list[tuple[float, ...]]:
    """Signal and copper voxels of every column of the first sample, sorted."""
    copper = (batch["labels"][0] == 2).float().sum(0)
    return sorted(map(tuple, torch.stack([*batch["scan"][0], copper]).flatten(1).T.tolist()))


def test_batches_hold_yields_and_stored_labels(voxels: ScanStore) -> None:
    data = module(voxels)
    batch = data.transform("test")(next(iter(data.test_dataloader())))
    counts = torch.from_numpy(voxels.read("test", "counts", 0, 3).astype(np.int32))
    torch.testing.assert_close(batch["scan"], counts / 40)
    assert torch.equal(batch["labels"], torch.from_numpy(voxels.read("test", "labels", 0, 3)))
    assert "thickness_nm" not in batch


def test_labels_turn_with_the_scans(voxels: ScanStore) -> None:
    data = module(voxels)
    row = torch.tensor([0])
    arrays = {n: a[row] for n, a in data.arrays("train").items()} | {"index": row}
    plain = data.transform("train")(arrays)
    turned = [data.transform("train", training=True)(arrays, epoch) for epoch in range(12)]
    assert all(columns(t) == columns(plain) for t in turned)
    assert not all(torch.equal(t["labels"], plain["labels"]) for t in turned)


def test_statistics_are_of_yields_and_tell_the_labels(voxels: ScanStore) -> None:
    counts = voxels.read("train", "counts", 0, 12) / 40
    statistics = module(voxels).statistics
    np.testing.assert_allclose(statistics.mean, counts.mean((0, 2, 3)), rtol=1e-6)
    assert statistics.labels == (1, 2)


def test_lower_training_doses(voxels: ScanStore) -> None:
    data = module(voxels, Dose([10, 20]))
    assert data.dose == (10, 20)
    batch = data.transform("train", training=True)(next(iter(data.train_dataloader())))
    whole = batch["scan"] * 40
    assert not torch.equal(whole, whole.round())  # no longer fortieths


def test_noise_of_signals_is_refused(voxels: ScanStore) -> None:
    data = ScanDataModule(voxels.root, GaussianNoise(0.02), GaussianNoise(0.02))
    with pytest.raises(InputError, match=r"holds electron counts.* use noise=counts"):
        data.transform("test")


def test_counts_are_kept_beside_the_store_when_memory_is_short(voxels: ScanStore) -> None:
    mapped, held = module(voxels, memory="memmap"), module(voxels)
    assert torch.equal(mapped.arrays("train")["counts"], held.arrays("train")["counts"])
    assert (voxels.root.with_suffix(".memmap") / "train-counts-int32.raw").is_file()
