"""Configurations as the commands compose them, found by their files and by nothing else."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import hydra
import yaml
from omegaconf import OmegaConf

from sem3d.runtime.build import TARGET
from sem3d.runtime.cli import CONF

COMMANDS = sorted(path.stem for path in CONF.glob("*.yaml"))
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir())


def options(group: str) -> list[str]:
    """Every file of a configuration group; one with a ``program`` is for wandb, not for Hydra."""
    files = (CONF / group).glob("*.yaml")
    return sorted(path.stem for path in files if "program" not in yaml.safe_load(path.read_text()))


@cache
def groups(command: str) -> tuple[str, ...]:
    """The groups a command chooses from, by the defaults of its root file."""
    defaults = yaml.safe_load((CONF / f"{command}.yaml").read_text())["defaults"]
    keys = [key for entry in defaults if isinstance(entry, dict) for key in entry]
    return tuple(key for key in keys if not key.startswith("override "))


def compose(command: str, *overrides: str) -> dict[str, Any]:
    """Plain configuration of a command, as its `run` would get it."""
    chosen = dict(o.split("=") for o in overrides if o.split("=")[0] in GROUPS)
    given = {"choices": {"model": "-"} | chosen, "overrides": list(overrides)}
    return copy.deepcopy(_composed(command, overrides)) | given


@cache
def _composed(command: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    named = ["name=run"] if command == "train" else []
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = hydra.compose(command, [*named, *overrides])
    values = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(values, dict)
    return values  # type: ignore[return-value]


def targets(tree: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every node that names a class, with its path."""
    if isinstance(tree, Mapping):
        if TARGET in tree:
            yield path.lstrip("."), tree
        for key, value in tree.items():
            yield from targets(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for n, value in enumerate(tree):
            yield from targets(value, f"{path}[{n}]")
