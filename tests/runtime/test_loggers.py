import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.runtime.loggers import logger, wandb_mode


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any key, and no wandb variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    return tmp_path


def test_offline_without_a_key(home: Path) -> None:
    assert wandb_mode() == "offline"
    (home / ".netrc").write_text("machine example.org login a password b\n")
    assert wandb_mode() == "offline"


def test_online_with_a_key_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert wandb_mode() == "online"


def test_online_with_a_key_in_netrc(home: Path) -> None:
    (home / ".netrc").write_text("machine api.wandb.ai login user password 0\n")
    assert wandb_mode() == "online"


@pytest.mark.parametrize("mode", ["disabled", "offline", "online"])
def test_the_variable_decides(home: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_MODE", mode)
    assert wandb_mode() == mode


def test_csv_needs_no_further_logger(tmp_path: Path) -> None:
    assert logger({"logger": {"name": "csv"}}, tmp_path) is False


def test_unknown_logger_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"logger\.name is 'wandbb'; choose csv or wandb"):
        logger({"logger": {"name": "wandbb"}}, tmp_path)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the wandb logger would be made with."""
    stand_in = SimpleNamespace(WandbLogger=lambda **settings: settings)
    monkeypatch.setitem(sys.modules, "lightning.pytorch.loggers", stand_in)
    node = {"name": "wandb", "project": "sem3d", "group": None, "tags": ["a"]}
    return lambda folder: logger({"logger": node, "name": "run", "seed": 3}, folder)


def test_wandb_continues_the_run_of_the_same_folder(settings: Any, tmp_path: Path) -> None:
    first, again, other = (settings(tmp_path / name) for name in ("a", "b/../a", "b"))
    assert first["id"] == again["id"] != other["id"]
    assert first["resume"] == "allow"


def test_wandb_gets_the_configuration_and_stays_in_the_run_folder(
    settings: Any, tmp_path: Path
) -> None:
    made = settings(tmp_path)
    assert made["config"]["seed"] == 3
    assert (made["name"], made["project"], made["tags"]) == ("run", "sem3d", ["a"])
    assert Path(made["save_dir"]) == tmp_path
