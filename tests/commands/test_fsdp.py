"""Weights shared over processes train like whole ones, and their checkpoints are whole."""

import csv
import signal
from pathlib import Path

import pytest
import torch

from tests.commands.conftest import QUICK, SMALL, Commands

TRAIN = (*SMALL, *QUICK, "trainer.max_epochs=2", "ema=0.9")
PAIR = ("trainer=ddp_cpu", "trainer.strategy=fsdp")


def run_folder(commands: Commands, name: str) -> Path:
    return commands.folder / "out" / "runs" / name


def curve(folder: Path) -> dict[tuple[str, str], float]:
    with (folder / "metrics.csv").open() as f:
        return {(r["step"], r["name"]): float(r["value"]) for r in csv.DictReader(f)}


def assert_near(commands: Commands, name: str, other: str) -> None:
    """Curves agree up to rounding: losses to 1e-4 of their value, scores to a few voxels."""
    ours, theirs = (curve(run_folder(commands, n)) for n in (name, other))
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        near = {"rel": 1e-4} if key[1].endswith("loss") else {"abs": 2e-3}
        assert ours[key] == pytest.approx(value, **near), key


def stop_and_continue(commands: Commands, name: str, first: tuple[str, ...], then: str) -> None:
    """Train with `first` until the first save inside an epoch, then with `then` to the end."""
    line = (*TRAIN, f"name={name}", "checkpoint.every_minutes=0")
    last = run_folder(commands, name) / "checkpoints" / "last.ckpt"
    stopped = commands.signal_when(last.exists, signal.SIGTERM, "train", *line, *first)
    assert stopped.returncode == 143, stopped.stderr
    commands.succeed("train", *line, *then.split())


@pytest.mark.slow
def test_shared_weights_train_like_whole_ones(commands: Commands) -> None:
    commands.succeed("train", *TRAIN, "name=whole", "trainer=cpu")
    commands.succeed("train", *TRAIN, "name=shared", *PAIR)
    assert_near(commands, "shared", "whole")

    stop_and_continue(commands, "shared_again", PAIR, " ".join(PAIR))
    ours, theirs = (
        torch.load(run_folder(commands, n) / "checkpoints" / "last.ckpt", weights_only=True)
        for n in ("shared", "shared_again")
    )
    for kind in ("state_dict", "trained_state"):  # the average, and what it averages
        assert ours[kind].keys() == theirs[kind].keys()
        assert all(torch.equal(ours[kind][k], theirs[kind][k]) for k in ours[kind]), kind

    best = run_folder(commands, "shared") / "checkpoints" / "best.ckpt"
    assert commands.succeed("evaluate", f"checkpoint={best}", *SMALL).startswith("mIoU ")


@pytest.mark.slow
def test_a_run_may_change_between_shared_and_whole_weights(commands: Commands) -> None:
    commands.succeed("train", *TRAIN, "name=whole", "trainer=cpu")
    scores = {}
    stop_and_continue(commands, "shared_first", PAIR, "trainer=cpu")
    stop_and_continue(commands, "whole_first", ("trainer=cpu",), " ".join(PAIR))
    for name in ("whole", "shared_first", "whole_first"):
        at_end = {k: v for k, v in curve(run_folder(commands, name)).items() if k[0] == "100"}
        scores[name] = at_end["100", "val/loss"]
    assert scores["shared_first"] == pytest.approx(scores["whole"], rel=1e-4)
    assert scores["whole_first"] == pytest.approx(scores["whole"], rel=1e-4)


@pytest.mark.slow
def test_batch_norm_has_the_statistics_of_rank_0(commands: Commands) -> None:
    """As with trainer=ddp, also where they are averaged: scores tell if the ranks differ."""
    line = (*TRAIN, "model=unet", "task=voxels", "trainer.max_epochs=1")
    commands.succeed("train", *line, "name=whole", "trainer=ddp_cpu")
    commands.succeed("train", *line, "name=shared", *PAIR)
    assert_near(commands, "shared", "whole")


@pytest.mark.gpu
def test_every_gpu_shares_the_weights(commands: Commands) -> None:
    """One share is the whole where there is one GPU: the path is the same."""
    line = (*SMALL, *QUICK[:1], "datamodule.batch_size=40", QUICK[2], "trainer.max_epochs=2")
    devices = max(d for d in range(1, torch.cuda.device_count() + 1) if 40 % d == 0)
    for trainer in ("ddp", "fsdp"):
        chosen = (f"trainer={trainer}", f"trainer.devices={devices}", f"name={trainer}")
        commands.succeed("train", *line, *chosen)
    ddp, fsdp = (curve(run_folder(commands, n)) for n in ("ddp", "fsdp"))
    assert ddp.keys() == fsdp.keys()
    for key in (k for k in ddp if k[1].endswith("loss")):  # bfloat16 has 8 bits
        assert fsdp[key] == pytest.approx(ddp[key], rel=2e-2), key
    best = run_folder(commands, "fsdp") / "checkpoints" / "best.ckpt"
    assert commands.succeed("evaluate", f"checkpoint={best}", *SMALL).startswith("mIoU ")
