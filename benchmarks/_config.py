"""Configurations as the commands resolve them, for benchmarks that run the real parts."""

from pathlib import Path
from typing import Any

import hydra
from omegaconf import OmegaConf

from sem3d.runtime.cli import CONF, plain


def compose(command: str, *overrides: str) -> dict[str, Any]:
    """Return the plain configuration of ``python -m sem3d.<command>`` with `overrides`."""
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = hydra.compose(command, list(overrides), return_hydra_config=True)
    return plain(OmegaConf.masked_copy(cfg, [k for k in cfg if k != "hydra"]), cfg.hydra)


def layers(root: Path, samples: int) -> dict[str, Any]:
    """Return the configuration that writes `samples` training samples of `layers` to `root`."""
    splits = f"dataset.splits={{train:{samples},val:0,test:0}}"
    return compose("generate", "dataset=layers", f"dataset.root={root}", splits)
