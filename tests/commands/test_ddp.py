"""Two processes on the processor see what one process sees."""

import csv
from pathlib import Path

import pytest

from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow


def curve(folder: Path) -> dict[tuple[str, str], float]:
    with (folder / "metrics.csv").open() as f:
        return {(r["step"], r["name"]): float(r["value"]) for r in csv.DictReader(f)}


VOXELS = (
    "dataset=voxels_demo", "dataset.name=small", "acquisition.electrons=20", "model=resunet",
    "loss=ce_dice", "dataset.splits={train: 24, val: 5}",
)  # fmt: skip


@pytest.mark.parametrize("dataset", [SMALL, VOXELS], ids=["layers", "voxels"])
def test_two_processes_equal_one(commands: Commands, dataset: tuple[str, ...]) -> None:
    """Instance norm sees each sample alone: only the rounding of sums differs.

    Losses agree to 1e-4 of their value; a score is a count of voxels, of which a few may flip. The
    validation batches leave the processes unequal shares.
    """
    overrides = [*dataset, *QUICK, "trainer.max_epochs=2", "datamodule.eval_batch_size=3"]
    for name, trainer in (("one", "cpu"), ("two", "ddp_cpu")):
        commands.succeed("train", *overrides, f"name={name}", f"trainer={trainer}")
    runs = commands.folder / "out" / "runs"
    one, two = curve(runs / "one"), curve(runs / "two")
    assert one.keys() == two.keys()
    for key, value in one.items():
        near = {"rel": 1e-4} if key[1].endswith("loss") else {"abs": 2e-3}
        assert two[key] == pytest.approx(value, **near), key


def test_a_network_with_buffers_and_a_last_batch_of_one_does_not_hang(commands: Commands) -> None:
    """Every validation step is a collective when batch norm shares its buffers."""
    overrides = [*SMALL, "dataset.splits.val=13", "model=conv3", "debug=tiny", "trainer=ddp_cpu"]
    out = commands.succeed("train", *overrides, "trainer.limit_val_batches=1.0", *QUICK[2:])
    assert "validation mIoU" in out


def test_same_weights_give_the_same_validation(commands: Commands) -> None:
    """With a learning rate of 0 the network is the same: the scores are equal to the last bit."""
    overrides = [*SMALL, *QUICK, "trainer.max_epochs=1", "optimizer.lr=0.0", "schedule=null"]
    for name, trainer in (("one", "cpu"), ("two", "ddp_cpu")):
        commands.succeed("train", *overrides, f"name={name}", f"trainer={trainer}")
    runs = commands.folder / "out" / "runs"
    one, two = curve(runs / "one"), curve(runs / "two")
    scores = [key for key in one if key[1].startswith("val/") and key[1] != "val/loss"]
    assert len(scores) > 10
    assert {k: one[k] for k in scores} == {k: two[k] for k in scores}


def test_a_stopped_pair_of_processes_continues(commands: Commands) -> None:
    overrides = [*SMALL, *QUICK, "trainer.max_epochs=2", "trainer=ddp_cpu", "name=two"]
    stopped = commands.run("train", *overrides, "trainer.max_time='00:00'")
    assert stopped.returncode == 0, stopped.stderr
    assert "time limit was reached at step 1" in stopped.stdout
    assert "validation mIoU" in commands.succeed("train", *overrides)
