"""Weights & Biases beside the CSV curves: offline unless asked, and never the end of a training."""

import os
import secrets
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite, nan
from pathlib import Path
from typing import Any, Final, Literal

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.runtime.runs.logged import read_logged
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps.folder import PLAN

LOGGERS: Final = ("csv", "wandb")
MODES: Final = ("offline", "online", "disabled")

ID: Final = "wandb-id"
"""File in a run folder with the id by which a continued training continues its run."""

INIT_SECONDS: Final = 15
"""Longest wait for the server to open a run, after at most 10 s to check the key [s]."""

FINISH_SECONDS: Final = 120
"""Longest wait for the last upload; what is missing then stays on disk [s]."""


class Dashboard(Logger):
    """One run in Weights & Biases, opened by rank 0 at its first use.

    Steps are optimiser steps, so that a continued run goes on where its curves ended; the x axis
    is ``epoch``. ``best/<name>`` follows the monitored score and is right after a break too.
    Whatever wandb fails at is told in one sentence and ends wandb's part alone.

    Args:
        folder: run folder; wandb's files lie below it.
        arguments: of ``wandb.init``, without ``mode`` and ``id``.
        mode: online or offline.
        watched: the monitored score and whether its max or min is best.
    """

    def __init__(
        self, folder: Path, arguments: Mapping[str, Any], mode: str, watched: tuple[str, str]
    ) -> None:
        super().__init__()
        self.folder, self.arguments, self.mode = folder, dict(arguments), mode
        self._watched, self._best_of = watched[0], {"max": max, "min": min}[watched[1]]
        self._run: Any = None
        self._tried, self._step = False, 0

    @property
    def name(self) -> str | None:
        """Project."""
        return self.arguments.get("project")

    @property
    def version(self) -> str | None:
        """Id of the open run."""
        return self._run.id if self._run else None

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The open wandb run, or None where wandb could not start or was given up."""
        if not self._tried:
            self._tried = True
            self._run = open_run(self.arguments, self.mode, self.folder)
            self._best = best_so_far(self.folder / "metrics.csv", self._watched, self._best_of)
        return self._run

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the run gets the whole configuration when it is opened."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add points to the curves."""
        run = self.experiment
        if run is None:
            return
        values = dict(metrics)
        if isfinite(values.get(self._watched, nan)):
            known = [] if self._best is None else [self._best]
            self._best = self._best_of([*known, values[self._watched]])
            values[best_name(self._watched)] = self._best
        self._step = max(self._step, step or 0)  # Lightning tells the loss of an epoch a step late
        with self._given_up_on_failure():
            run.log(values, step=self._step)

    @rank_zero_only
    def close(self, show: Callable[[Any], None]) -> None:
        """Let `show` add to the run what a finished training has to show, and end it."""
        run = self.experiment
        if run is None:
            return
        with self._given_up_on_failure():
            show(run)
        with self._given_up_on_failure():
            run.finish()

    @contextmanager
    def _given_up_on_failure(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._run = None
            warnings.warn(
                f"Weights & Biases failed ({_problem(error)}) and gets no more of this run; "
                f"all curves are in {self.folder / 'metrics.csv'}, and what wandb wrote until now "
                f"is sent with `{_sync(self.folder)}`",
                stacklevel=1,
            )


def logger(cfg: Mapping[str, Any], folder: Path) -> Dashboard | bool:
    """Return the Lightning logger of a run, or False for CSV alone.

    Raises:
        InputError: unknown logger name or mode.
    """
    node = cfg["logger"]
    if node["name"] not in LOGGERS:
        raise InputError(f"logger.name is {node['name']!r}; choose {' or '.join(LOGGERS)}")
    if node["name"] == "csv" or (mode := wandb_mode(node["mode"])) == "disabled":
        return False
    watched = cfg["checkpoint"]["monitor"], cfg["checkpoint"]["mode"]
    return Dashboard(folder, _arguments(cfg, folder), mode, watched)


def wandb_mode(configured: str) -> str:
    """WANDB_MODE when set, else what the configuration says.

    Raises:
        InputError: neither online, offline nor disabled.
    """
    place, mode = "logger.mode", configured
    if told := os.environ.get("WANDB_MODE"):
        place, mode = "WANDB_MODE", told
    if mode not in MODES:
        raise InputError(f"{place} is {mode!r}; choose {', '.join(MODES[:-1])} or {MODES[-1]}")
    return mode


def sweep_of(folder: Path) -> str | None:
    """Name of the sweep that a run folder belongs to, or None."""
    parent = folder.resolve().parent
    return parent.name if (parent / PLAN).is_file() else None


def best_name(monitor: str) -> str:
    """``best/score`` of ``val/score``: the best value up to each validation."""
    return f"best/{monitor.split('/')[-1]}"


def best_so_far(
    curves: Path, monitor: str, best_of: Callable[[list[float]], float]
) -> float | None:
    """Best finite monitored value of a run that is continued; None of a new one."""
    logged = read_logged(curves).items()
    values = [value for (_, name), (_, value) in logged if name == monitor and isfinite(value)]
    return best_of(values) if values else None


def addressable(value: Any) -> Any:
    """Number the settings in lists: wandb finds ``loss.losses.0.lam`` by name, not in a list."""
    if isinstance(value, Mapping):
        return {key: addressable(inner) for key, inner in value.items()}
    if isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        return {str(n): addressable(inner) for n, inner in enumerate(value)}
    return value


def open_run(arguments: Mapping[str, Any], mode: str, folder: Path) -> Any:
    """Open a wandb run; where online fails offline, and where that fails return None."""
    try:
        told = {**arguments, **own_id(folder)}
        if mode == "online":
            try:
                return _online(told)
            except Exception as error:
                warnings.warn(
                    f"Weights & Biases is not reached ({_problem(error)}) and the run is kept "
                    "offline; check the network and `wandb login`, and send it later with "
                    f"`{_sync(folder)}`",
                    stacklevel=1,
                )
        return _opened(told, "offline")
    except Exception as error:
        warnings.warn(
            f"Weights & Biases cannot start ({_problem(error)}) and the run goes on with "
            f"{folder / 'metrics.csv'} alone; logger=csv leaves wandb out",
            stacklevel=1,
        )
    return None


def own_id(folder: Path) -> dict[str, str]:
    """Return the id of a run as an argument of ``wandb.init``; a wandb agent tells it itself.

    It is drawn when a training begins and kept in its folder: by path alone, a run would go on
    where one that it replaced, or one of another machine, has ended.
    """
    if os.environ.get("WANDB_SWEEP_ID"):
        return {}
    if given := os.environ.get("WANDB_RUN_ID"):
        return {"id": given}
    file = folder / ID
    if not (file.is_file() and RunFolder(folder).last.is_file()):  # not begun, or nothing saved
        write_atomic(file, secrets.token_hex(8))
    return {"id": file.read_text()}


def _online(arguments: Mapping[str, Any]) -> Any:
    """Check the key first: ``wandb.init`` would ask a terminal for one, or retry for long."""
    import wandb

    if not wandb.login(prompt=False):
        raise wandb.errors.AuthenticationError("there is no key")
    return _opened(arguments, "online")


def _opened(arguments: Mapping[str, Any], mode: Literal["online", "offline"]) -> Any:
    import wandb

    limits = wandb.Settings(init_timeout=INIT_SECONDS, finish_timeout=FINISH_SECONDS)
    run = wandb.init(**arguments, mode=mode, settings=limits)
    run.define_metric("epoch", hidden=True)
    run.define_metric("*", step_metric="epoch")
    return run


def _arguments(cfg: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Arguments of ``wandb.init``; below a wandb agent the project is the agent's."""
    node = cfg["logger"]
    shown = {key: value for key, value in cfg["choices"].items() if not key.startswith("hydra/")}
    return {
        "name": cfg["name"],
        "group": node["group"] or sweep_of(folder),
        "tags": list(node["tags"]),
        "dir": str(folder),
        "resume": "allow",
        "config": addressable({**cfg, "choices": shown}),
    } | ({} if os.environ.get("WANDB_SWEEP_ID") else {"project": node["project"]})


def _sync(folder: Path) -> str:
    """The command that sends what lies on disk, written offline or online."""
    return f"wandb sync --include-online {folder / 'wandb'}/*run-*"


def _problem(error: Exception) -> str:
    """The first line of what went wrong."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
