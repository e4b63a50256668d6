"""Work of a training, worked out by hand for a network of plain convolutions."""

import itertools
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.models.conv3 import Conv3
from sem3d.models.cost import count_macs
from sem3d.report.sweeps.cost import training_flops
from tests.contracts.conftest import compose

SMALL = ("model=conv3", "dataset=layers_demo", "trainer.max_epochs=3", "geometry.shape=[32,48]",
         "dataset.splits={train: 100, val: 20, test: 5}", "datamodule.batch_size=16")  # fmt: skip
MACS = 32 * 48 * 9 * sum(a * b for a, b in itertools.pairwise((31, 64, 64, 32, 2)))
"""Of one specimen: four 3x3 convolutions at full size."""


def flops(*overrides: str) -> float:
    return training_flops(compose("train", *SMALL, *overrides))


def test_multiply_adds_are_those_of_the_convolutions() -> None:
    assert count_macs(Conv3(31, (2,)), 31, (32, 48)) == MACS


def test_forward_backward_and_validation() -> None:
    """6 batches of 16 specimens per epoch; backward is twice as much as forward."""
    assert flops() == 6 * MACS * (6 * 16) * 3 + 2 * MACS * 20 * 3


@pytest.mark.parametrize(
    ("override", "trained", "validated"),
    [
        ("trainer.max_epochs=6", 6 * 96, 6 * 20),
        ("trainer.check_val_every_n_epoch=3", 3 * 96, 20),
        ("trainer.check_val_every_n_epoch=5", 3 * 96, 0),
        ("trainer.max_steps=7", 7 * 16, 20),
        ("datamodule.batch_size=50", 3 * 100, 3 * 20),
        ("datamodule.batch_size=200", 3 * 200, 3 * 20),
        ("datamodule.crop=[16,24]", 3 * 96 / 4, 3 * 20),
        ("datamodule.eval_batch_size=3", 3 * 96, 3 * 20),
        ("optimizer.lr=1", 3 * 96, 3 * 20),
        ("trainer.limit_train_batches=2", 3 * 32, 3 * 20),
        ("trainer.limit_train_batches=0.5", 3 * 48, 3 * 20),
    ],
)
def test_what_counts(override: str, trained: float, validated: int) -> None:
    assert flops(override) == pytest.approx(2 * MACS * (3 * trained + validated), rel=1e-12)


def test_fewer_energies_are_less_work() -> None:
    less = 32 * 48 * 9 * (31 - 11) * 64
    assert flops() - flops("acquisition.energies_keV=[5,8,11,14,17,20,23,26,29,32,35]") == (
        pytest.approx(less * (6 * 96 * 3 + 2 * 20 * 3))
    )


def test_voxels() -> None:
    """64 specimens of 3 classes x 20 slices at 20 energies, validated in epochs 10, 20, ..., 60."""
    cfg = compose("train", "experiment=voxels_demo", "model=conv3_volume", "dataset=voxels_demo")
    macs = 20 * 20 * 9 * sum(a * b for a, b in itertools.pairwise((20, 64, 64, 32, 3 * 20)))
    assert training_flops(cfg) == 2 * macs * (3 * 64 * 60 + 8 * 6)


def test_a_dataset_on_disk_is_looked_at(store: Any) -> None:
    cfg = compose("train", *SMALL[:1], "dataset=store", f"dataset.root={store.root}",
                  "trainer.max_epochs=1", "datamodule.batch_size=10")  # fmt: skip
    macs = 16 * 16 * 9 * sum(a * b for a, b in itertools.pairwise((6, 64, 64, 32, 2)))
    assert training_flops(cfg) == 2 * macs * (3 * 70 + 6)


def test_a_training_without_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"trainer\.max_epochs is not set"):
        flops("trainer.max_epochs=-1")
