"""Weights & Biases beside the CSV curves; without a key it writes offline."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.runtime.provenance import config_hash


def logger(cfg: Mapping[str, Any], folder: Path) -> Any:
    """Return the Lightning logger of a run, or False for CSV alone.

    The run's id follows from its folder, so a continued run continues in wandb too.

    Raises:
        InputError: unknown logger name.
    """
    node = cfg["logger"]
    if node["name"] == "csv":
        return False
    if node["name"] != "wandb":
        raise InputError(f"logger.name is {node['name']!r}; choose csv or wandb")
    from lightning.pytorch.loggers import WandbLogger

    return WandbLogger(
        name=cfg["name"],
        id=config_hash({"folder": str(folder.resolve())})[:16],
        project=node["project"],
        group=node["group"],
        tags=list(node["tags"]),
        save_dir=str(folder),
        mode=wandb_mode(),
        resume="allow",
        config=dict(cfg),
    )


def wandb_mode() -> str:
    """WANDB_MODE when set, else online with a key and offline without."""
    if mode := os.environ.get("WANDB_MODE"):
        return mode
    netrc = Path.home() / ".netrc"
    has_key = "WANDB_API_KEY" in os.environ or (
        netrc.is_file() and "api.wandb.ai" in netrc.read_text()
    )
    return "online" if has_key else "offline"
