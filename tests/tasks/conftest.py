"""A task on the small dataset with a small network."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch

from sem3d.datamodule.scans import ScanDataModule
from sem3d.models.resunet import ResUNet
from sem3d.runtime.trainer.training import data_spec
from sem3d.simulate.noise import GaussianNoise
from sem3d.store.reader import ScanStore
from sem3d.tasks.data import DataSpec


@pytest.fixture
def data(store: ScanStore) -> ScanDataModule:
    noise = GaussianNoise(0.02)
    return ScanDataModule(store.root, noise, noise, batch_size=10, eval_batch_size=4)


@pytest.fixture
def spec(data: ScanDataModule) -> DataSpec:
    return data_spec("small", data, data.statistics)


@pytest.fixture
def network() -> Callable[..., torch.nn.Module]:
    torch.manual_seed(0)
    return functools.partial(ResUNet, widths=[8, 16])


@pytest.fixture
def batch(data: ScanDataModule) -> dict[str, Any]:
    return data.transform("val")(next(iter(data.val_dataloader())))
