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

from sem3d.errors import InputError
from sem3d.runtime.names import LONGEST, plain
from sem3d.runtime.sweeps.folder import Plan

FREE: Final = (
    "hydra", "name", "folder", "fresh", "logger", "executor", "output_dir",
    "sweep.slots", "sweep.timeout", "sweep.extend", "sweep.tflops", "trainer.max_time",
    "trainer.enable_progress_bar", "trainer.accelerator", "trainer.devices", "trainer.strategy",
    "trainer.num_nodes",
)  # fmt: skip
"""Settings that may change between two starts of one sweep: they change no result."""

NUMBER: Final = r"-?[\d.]+(e-?\d+)?"
EXACT: Final = re.compile(rf"{NUMBER}|\[{NUMBER}(,{NUMBER})+\]|[a-z_]([\w.-]*\w)?", re.A | re.I)
"""Values that stay apart from one another in a folder's name: numbers, lists of them, words."""


def make_plan(config_name: str, config: DictConfig, old: Plan | None = None) -> Plan:
    """Return the plan of a multirun.

    Args:
        config_name: of the command, e.g. "train".
        config: the multirun's configuration, with Hydra's own node.
        old: plan of the sweep as it was. When it is extended its settings are swept even where
            they have one value; the base is that of its first job.

    Raises:
        InputError: the name is no folder's, a job comes twice, or a word stands among numbers.
        HydraException: an override does not fit, in any of the jobs.
    """
    if not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", config.sweep.name):
        raise InputError(
            f"sweep.name is {config.sweep.name!r}; use letters, digits, dots, dashes and +"
        )
    jobs = [pairs(job) for job in jobs_of(config)]
    if twice := next((job for n, job in enumerate(jobs) if job in jobs[:n]), None):
        told = ", ".join(f"{key}={value}" for key, value in twice.items())
        raise InputError(f"a job comes twice ({told}); leave the repeated value out")
    swept = old.parameters if old and config.sweep.extend else ()
    parameters = {
        key: list(dict.fromkeys(job[key] for job in jobs))
        for key in jobs[0]
        if key in swept or len({job[key] for job in jobs}) > 1
    }
    for key, found in parameters.items():
        _check_numbers(key, found)
        for value in found:  # Hydra would end the sweep at the first job that it cannot compose
            compose(config_name, [f"{k}={v}" for k, v in {**jobs[0], key: value}.items()])
    values = [{key: job[key] for key in parameters} for job in jobs]
    first = values[0]
    if old and old.parameters.keys() == parameters.keys():
        first = next(iter(old.jobs.values()))
    common = base(config_name, [f"{key}={value}" for key, value in (jobs[0] | first).items()])
    return Plan(
        name=config.sweep.name,
        command=_continuing(config_name, config, old, parameters),
        parameters=parameters,
        jobs={job_name(v): v for v in values},
        base=common,
        monitor=common["checkpoint"]["monitor"],
        mode=common["checkpoint"]["mode"],
    )


def _continuing(
    config_name: str, config: DictConfig, old: Plan | None, now: Mapping[str, list[str]]
) -> str:
    """Return the command line that goes on with a sweep: it deletes nothing, and adds nothing.

    Where values have been added to a sweep it has all of them.
    """
    united: dict[str, str] = {}
    if old and config.sweep.extend and old.parameters.keys() == now.keys():
        both = {key: list(dict.fromkeys([*old.parameters[key], *now[key]])) for key in now}
        united = {key: ",".join(values) for key, values in both.items()}
    left = ("fresh", "sweep.extend", *united)
    kept = [word for word in sys.argv[1:] if word.partition("=")[0] not in left]
    added = [f"{key}={values}" for key, values in united.items()]
    return shlex.join(["python", "-m", f"sem3d.{config_name}", *kept, *added])


def _check_numbers(key: str, values: Sequence[str]) -> None:
    """Refuse a word among numbers: its job would fail."""
    words = [v for v in values if not _is_number(v) and v not in ("null", "true", "false", "auto")]
    if words and len(words) < len(values):
        known = next(v for v in values if v not in words)
        raise InputError(f"{key} is {words[0]!r} in one job, {known} in another; give one kind")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
    """Compose the first job, without what may change between two starts."""
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
