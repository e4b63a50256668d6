"""Commands that are killed, interrupted or starved of disk, and run again."""

import hashlib
import signal
from pathlib import Path

import pytest
import torch

from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow

TRAIN = (*SMALL, *QUICK, "trainer.max_epochs=3", "name=run")


def digest(root: Path) -> dict[str, str]:
    files = (p for p in sorted(root.rglob("*")) if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def weights(commands: Commands) -> dict[str, torch.Tensor]:
    last = commands.folder / "out" / "runs" / "run" / "checkpoints" / "last.ckpt"
    return torch.load(last, weights_only=True)["state_dict"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_generate_is_stopped_and_continued_to_the_same_bytes(
    tmp_path: Path, how: int, executor: str
) -> None:
    broken, whole = Commands(tmp_path / "broken"), Commands(tmp_path / "whole")
    records = tmp_path / "broken" / "data" / "small.zarr" / ".records"
    overrides = [*SMALL, "dataset.splits.train=640"]
    stopped = broken.signal_when(
        lambda: any(records.glob("*.json")), how, "generate", *overrides, f"executor={executor}"
    )
    assert stopped.returncode == (130 if how == signal.SIGINT else -9)
    assert "Traceback" not in stopped.stderr or how == signal.SIGKILL
    assert records.is_dir()  # it was stopped in the middle
    broken.succeed("generate", *overrides, f"executor={executor}")
    whole.succeed("generate", *overrides, "executor=serial")
    name = Path("data") / "small.zarr"
    assert digest(broken.folder / name) == digest(whole.folder / name)


@pytest.mark.parametrize(
    ("how", "recipe"),
    [
        (signal.SIGKILL, ()),
        (signal.SIGINT, ()),
        (signal.SIGKILL, ("loss=wbce_lovasz", "loss.epochs=[1]", "ema=0.9")),
    ],
    ids=["kill", "interrupt", "kill between two stages of the loss"],
)
def test_train_is_stopped_and_continued_to_the_same_weights(
    tmp_path: Path, how: int, recipe: tuple[str, ...]
) -> None:
    whole, broken = Commands(tmp_path / "whole"), Commands(tmp_path / "broken")
    train = (*TRAIN, *recipe)
    whole.succeed("train", *train)
    last = tmp_path / "broken" / "out" / "runs" / "run" / "checkpoints" / "last.ckpt"
    stopped = broken.signal_when(last.exists, how, "train", *train)
    assert stopped.returncode == (130 if how == signal.SIGINT else -9)
    if how == signal.SIGINT:
        assert "run the same command again to continue" in stopped.stdout
    assert not (last.parents[1] / "done.json").exists()
    broken.succeed("train", *train)
    assert same(weights(broken), weights(whole))
    again = broken.succeed("train", *train)
    assert "is finished" in again


def test_train_on_a_full_disk_keeps_the_last_checkpoint(small_disk: Path, tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    commands.succeed("generate", *SMALL)
    (tmp_path / "out").symlink_to(small_disk)
    commands.succeed("train", *TRAIN[:-2], "name=run", "trainer.max_epochs=1", "schedule=null")
    before = weights(commands)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as f:
        try:
            while f.write(b"0" * 4096):
                pass
        except OSError:
            pass
    longer = [*TRAIN[:-2], "name=run", "trainer.max_epochs=2", "schedule=null"]
    failed = commands.run("train", *longer)
    assert failed.returncode == 2
    assert failed.stderr.strip().splitlines()[-1].startswith("error: the disk is full")
    assert same(weights(commands), before)
    filler.unlink()
    commands.succeed("train", *longer)
