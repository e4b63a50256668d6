"""Signals to a training; what they do to a whole run is in test_training.py and tests/commands."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import slices, training
from sem3d.runtime.trainer.slices import SIGNALS, Slices, Stopped
from tests.runtime.trainer.test_training import Compose, assert_same_weights

MODULE = Mock(spec=LightningModule)


def trainer(first: bool = True, others: tuple[int, ...] = ()) -> Any:
    """A Trainer in the middle of an epoch; `others` is what another rank wants at most."""

    def reduce(mine: torch.Tensor, reduce_op: str) -> torch.Tensor:
        assert reduce_op == "max"
        return torch.maximum(mine, torch.tensor(others))

    strategy = Mock(root_device=torch.device("cpu"), reduce=reduce)
    return Mock(
        spec=Trainer, global_step=7, current_epoch=1, is_last_batch=False, is_global_zero=first,
        world_size=1 + bool(others), strategy=strategy,
    )  # fmt: skip


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Signals that reach whoever listened before the training."""
    found: list[int] = []
    before = {s: signal.signal(s, lambda number, _: found.append(number)) for s in SIGNALS}
    yield found
    for number, previous in before.items():
        signal.signal(number, previous)


def started(tmp_path: Path, limit: float = float("inf")) -> Slices:
    found = Slices(RunFolder(tmp_path), limit, float("inf"))
    found.on_train_start(trainer(), MODULE)
    return found


def end_of_step(callback: Slices, at: Any) -> None:
    callback.on_train_batch_end(at, MODULE, None, None, 0)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda s: s.name)
def test_a_signal_saves_and_stops_after_the_step(
    tmp_path: Path, heard: list[int], number: signal.Signals
) -> None:
    callback, at = started(tmp_path), trainer()
    end_of_step(callback, at)
    assert not at.save_checkpoint.called
    signal.raise_signal(number)
    with pytest.raises(Stopped, match=r"interrupted.* at step 7 of epoch 1") as told:
        end_of_step(callback, at)
    at.save_checkpoint.assert_called_once_with(tmp_path / "checkpoints" / "last.ckpt")
    assert told.value.status == 128 + number
    assert (number.name in str(told.value)) == (number != signal.SIGINT)
    assert heard == []


def test_a_time_limit_is_no_failure(tmp_path: Path, heard: list[int]) -> None:
    with pytest.raises(Stopped, match="the time limit was reached at step 7") as told:
        end_of_step(started(tmp_path, limit=0.0), trainer())
    assert told.value.status == 0


def test_the_same_signal_later_is_left_to_who_listened_before(
    tmp_path: Path, heard: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((0.0, 0.0, 0.1, 50.0, 100.0))  # started, heard, echo, another one, again
    monkeypatch.setattr(slices, "time", Mock(monotonic=lambda: next(clock)))
    started(tmp_path)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGUSR1)
    assert heard == []
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_signals_are_given_back(tmp_path: Path, heard: list[int]) -> None:
    started(tmp_path).teardown(trainer(), MODULE, "fit")
    signal.raise_signal(signal.SIGUSR2)
    assert heard == [signal.SIGUSR2]


@pytest.mark.parametrize("others", [(signal.SIGTERM, 0), (slices.TIME_IS_UP, 0)])
def test_ranks_stop_together(tmp_path: Path, heard: list[int], others: tuple[int, int]) -> None:
    """Rank 0 tells, the others are silent and no failure."""
    callback = started(tmp_path)
    with pytest.raises(Stopped):
        end_of_step(callback, trainer(others=others))
    with pytest.raises(SystemExit) as silent:
        end_of_step(callback, trainer(first=False, others=others))
    assert silent.value.code == 0


def test_ranks_save_together(tmp_path: Path, heard: list[int]) -> None:
    at = trainer(others=(0, 1))
    end_of_step(started(tmp_path), at)
    assert at.save_checkpoint.called


@pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals
def test_sigterm_stops_a_training_that_continues_to_the_same_weights(
    config: Compose, tmp_path: Path, train_with: Any, heard: list[int]
) -> None:
    class Terminate(slices.Callback):
        def on_train_batch_start(self, at: Any, *_: Any) -> None:
            if at.global_step == 3:
                signal.raise_signal(signal.SIGTERM)

    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    training.train(config(), whole)
    with pytest.raises(Stopped, match="interrupted by SIGTERM at step 4"):
        train_with(config(), broken, Terminate())
    train_with(config(), broken)
    assert_same_weights(whole, broken)
