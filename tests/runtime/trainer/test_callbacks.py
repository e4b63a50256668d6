import csv
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer.callbacks import (
    Curves,
    EpochLines,
    StepSeed,
    early_stopping,
    shows_progress,
)
from sem3d.tasks.reconstruction import ReconstructionTask


def trainer(step: int, **values: float) -> Any:
    metrics = {name.replace("_", "/", 1): torch.tensor(value) for name, value in values.items()}
    optimizer = SimpleNamespace(param_groups=[{"lr": 0.5}])
    return Mock(
        spec=Trainer, global_step=step, current_epoch=step // 10, global_rank=0,
        is_global_zero=True, callback_metrics=metrics, optimizers=[optimizer],
    )  # fmt: skip


MODULE = Mock(spec=LightningModule)


def test_curves_are_appended_and_keep_their_header(tmp_path: Path) -> None:
    curves = Curves(RunFolder(tmp_path))
    curves.on_validation_end(trainer(10, val_loss=1.5, train_loss=9.0), MODULE)
    last = trainer(20, val_loss=1.5, train_loss=2.0)
    last.loggers = [Mock()]
    curves.on_train_epoch_end(last, MODULE)
    last.loggers[0].log_metrics.assert_called_once_with({"train/lr": 0.5, "epoch": 2}, 20)
    with (tmp_path / "metrics.csv").open() as f:
        rows = [tuple(r.values()) for r in csv.DictReader(f)]
    assert rows == [
        ("10", "1", "val/loss", "1.5"),
        ("20", "2", "train/loss", "2.0"),
        ("20", "2", "train/lr", "0.5"),
    ]


@pytest.mark.parametrize("cut", ["20,1,val/sc", "2", "20,1,val/score,0.9\r", '20,1,"'])
def test_curves_go_on_below_the_last_whole_line(tmp_path: Path, cut: str) -> None:
    """A kill or a full disk may have cut the last one."""
    run = RunFolder(tmp_path)
    whole = b"step,epoch,name,value\r\n10,1,val/score,0.5\r\n"
    run.metrics.write_bytes(whole + cut.encode())
    Curves(run).on_validation_end(trainer(20, val_score=0.75), MODULE)
    assert run.metrics.read_bytes() == whole + b"20,2,val/score,0.75\n"


def test_curves_are_those_of_rank_zero(tmp_path: Path) -> None:
    other = trainer(20, val_score=0.75)
    other.is_global_zero = False
    Curves(RunFolder(tmp_path)).on_validation_end(other, MODULE)
    assert list(tmp_path.iterdir()) == []


def test_step_seed_depends_on_the_step_alone() -> None:
    draws = []
    for step in (3, 4, 3):
        StepSeed(7).on_train_batch_start(trainer(step), MODULE, None, 0)
        draws.append(torch.rand(1).item())
    assert draws[0] == draws[2] != draws[1]


def test_log_files_get_one_line_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    last = trainer(20, train_loss=0.25, val_score=0.5)
    task = Mock(spec=ReconstructionTask, data=Mock(headline_label="IoU of Cu"))
    EpochLines().on_train_epoch_end(last, task)
    assert capsys.readouterr().err == "epoch 2: loss 0.25, validation IoU of Cu 0.5\n"


def test_progress_bars_need_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    assert shows_progress({"trainer": {"enable_progress_bar": True}})
    assert not shows_progress({"trainer": {"enable_progress_bar": False}})
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: False))
    assert not shows_progress({"trainer": {"enable_progress_bar": True}})


@pytest.mark.parametrize(
    ("epochs", "every", "validations"), [(100, 5, 20), (100, 1, 100), (9, 5, 2), (3, 5, 1)]
)
def test_patience_counts_epochs(epochs: int, every: int, validations: int) -> None:
    """Best at validation 0: stop at the first one with that many epochs since."""
    node = {"monitor": "val/score", "mode": "max", "patience": epochs}
    stopping = early_stopping(node, {"check_val_every_n_epoch": every})
    stops = [stopping._evaluate_stopping_criteria(torch.tensor(0.5))[0] for _ in range(200)]
    assert stops.index(True) == validations
    assert (validations - 1) * every < epochs <= validations * every
