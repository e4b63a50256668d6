"""From a command line with several values per setting to the plan of a sweep."""

import hashlib
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from sem3d.runtime.names import LONGEST, plain
from sem3d.runtime.sweeps.folder import Plan

FREE: Final = (
    "hydra", "name", "folder", "fresh", "logger", "executor", "data_dir", "output_dir",
    "sweep.slots", "sweep.timeout", "sweep.extend", "sweep.tflops", "trainer.max_time",
    "trainer.enable_progress_bar", "trainer.accelerator", "trainer.devices", "trainer.strategy",
    "trainer.num_nodes",
)  # fmt: skip
"""Settings that may change between two starts of one sweep: they change no result."""

NUMBER: Final = r"-?[\d.]+(e-?\d+)?"
EXACT: Final = re.compile(rf"{NUMBER}|\[{NUMBER}(,{NUMBER})+\]|[a-z_]([\w.-]*\w)?", re.A | re.I)
"""Values that stay apart from one another in a folder's name: numbers, lists of them, words."""


def make_plan(config_name: str, config: DictConfig) -> Plan:
    """Return the plan of a multirun.

    Args:
        config_name: of the command, e.g. "train".
        config: the multirun's configuration, with Hydra's own node.

    Raises:
        HydraException: an override does not fit.
    """
    jobs = [pairs(job) for job in jobs_of(config)]
    parameters = {
        key: list(dict.fromkeys(job[key] for job in jobs))
        for key in jobs[0]
        if len({job[key] for job in jobs}) > 1
    }
    values = [{key: job[key] for key in parameters} for job in jobs]
    shared = [f"{key}={value}" for key, value in jobs[0].items() if key not in parameters]
    return Plan(
        name=config.sweep.name,
        command=shlex.join(["python", "-m", f"sem3d.{config_name}", *sys.argv[1:]]),
        parameters=parameters,
        jobs={job_name(v): v for v in values},
        base=base(config_name, shared),
        monitor=config.checkpoint.monitor,
        mode=config.checkpoint.mode,
    )


def jobs_of(config: DictConfig) -> list[list[str]]:
    """Return the overrides of every job of Hydra's sweeper, in its order.

    Args:
        config: the multirun's; what the command line gives replaces ``hydra.sweeper.params``.
    """
    params = config.hydra.sweeper.params or {}
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    overrides = [*(f"{k}={v}" for k, v in params.items()), *config.hydra.overrides.task]
    given = parser.parse_overrides(overrides)
    (jobs,) = BasicSweeper.split_arguments(given, None)
    return jobs


def pairs(overrides: Sequence[str]) -> dict[str, str]:
    """Return overrides ``key=value`` by key."""
    return dict(override.split("=", 1) for override in overrides)


def job_name(values: Mapping[str, str]) -> str:
    """Return a readable folder name of the swept settings, ``lr-0.001+weight_decay-0.01``.

    Keys lose what stands before their last dot where this leaves them apart. A name that is too
    long, or could be that of other values as well, ends in a digest of the settings.
    """
    if not values:
        return "single"
    last = [key.rsplit(".", 1)[-1] for key in values]
    unique = len(set(last)) == len(last)
    keys = last if unique else list(values)
    told = [f"{key}={value}" for key, value in zip(keys, values.values(), strict=True)]
    name = "+".join(plain(text) for text in told)
    if all(EXACT.fullmatch(value) for value in values.values()) and len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:8]
    return f"{name[:LONGEST]}-{digest}"


def base(config_name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """Compose what all jobs share, without what may change between two starts."""
    config = compose(config_name, [*overrides, "name=job", "folder=job"])
    values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    return _without(values)


def _without(tree: Any, above: str = "") -> Any:
    """Return `tree` without the keys that are `FREE`."""
    if not isinstance(tree, dict):
        return tree
    return {
        key: _without(value, f"{above}{key}.")
        for key, value in tree.items()
        if f"{above}{key}" not in FREE
    }
