"""A training configuration on the small dataset, composed from conf/ like the command's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import pytest
from lightning.pytorch import Callback
from omegaconf import OmegaConf

from sem3d.runtime.cli import CONF
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import training
from sem3d.store.reader import ScanStore

Config = dict[str, Any]


@pytest.fixture
def config(store: ScanStore, tmp_path: Path) -> Callable[..., Config]:
    """Compose conf/train.yaml on the small dataset, with overrides."""

    def compose(*overrides: str) -> Config:
        small = [
            "dataset=store", "dataset.name=small", f"dataset.root={store.root}", "name=run",
            f"output_dir={tmp_path}", "model.widths=[4,8]", "datamodule.batch_size=10",
            "datamodule.eval_batch_size=3", "trainer.enable_progress_bar=false",
            "trainer.max_epochs=2",
        ]  # fmt: skip
        with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = hydra.compose("train", [*small, *overrides])
        values = OmegaConf.to_container(cfg, resolve=True)
        assert isinstance(values, dict)
        return values | {"choices": {"model": "resunet", "dataset": "store"}}  # type: ignore[return-value]

    return compose


@pytest.fixture
def train_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, float]]:
    """Train with further callbacks."""
    plain = training.callbacks

    def run(cfg: Config, folder: RunFolder, *more: Callback) -> dict[str, float]:
        monkeypatch.setattr(training, "callbacks", lambda *a: [*plain(*a), *more])
        return training.scores(training.train(cfg, folder))

    return run
