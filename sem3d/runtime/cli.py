"""The command line shared by all commands: Hydra, plain configuration, one-sentence errors."""

import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from sem3d.errors import InputError, did_you_mean
from sem3d.files import is_full
from sem3d.runtime.names import run_name
from sem3d.runtime.sweeps import lifeline

PACKAGE = Path(__file__).resolve().parents[1]
CONF = PACKAGE / "_conf" if (PACKAGE / "_conf").is_dir() else PACKAGE.parent / "conf"


Listing = Callable[[str, Path, list[str]], str]
"""From the command's name, the folder of configurations and overrides to what would run."""


def command(
    name: str, run: Callable[[dict[str, Any]], Any], listing: Listing | None = None
) -> NoReturn:
    """Run one command with the configuration ``conf/<name>.yaml`` and the command line.

    Exit status: 0 done; 2 bad input or a full disk, told in one sentence; 130 interrupted;
    1 a defect of sem3d, with its traceback.

    Args:
        name: the command, e.g. "train".
        run: does the work, from the resolved configuration as plain dictionaries; what it returns
            goes to Hydra's callbacks.
        listing: what ``-m ... --cfg job`` prints.
    """
    lifeline.follow()
    OmegaConf.register_new_resolver("run_name", run_name, replace=True)
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors come here instead of Hydra's printer
    warnings.formatwarning = one_line
    entry = hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)
    with one_sentence(name):
        given = get_args_parser().parse_args()
        if "sweep=wandb" in given.overrides:
            raise InputError(
                "sweep=wandb is steered by Weights & Biases; start it with "
                "`wandb sweep conf/sweep/wandb.yaml`"
            )
        if listing and given.multirun and given.cfg == "job":
            print(listing(name, CONF, given.overrides))
        else:
            entry(_Task(name, run))()
    raise SystemExit(0)


@contextmanager
def one_sentence(name: str) -> Iterator[None]:
    """Turn what a user can mend into one sentence and an exit status."""
    try:
        yield
    except KeyboardInterrupt as error:
        # stop_jobs_first gives the status; others may raise it with words
        status = next((told for told in error.args if isinstance(told, int)), 130)
        _stop(f"interrupted: what is finished is kept; {again()} to continue", status)
    except (InputError, HydraException, OmegaConfBaseException) as error:
        _stop(f"error: {explain(error, name)}", 2)
    except ValueError as error:  # Hydra's own, without a class of its own
        if "Config group override" not in str(error):
            raise
        _stop("error: a config group is set to null; leave it out or name one of its options", 2)
    except (NotADirectoryError, FileExistsError, IsADirectoryError, PermissionError) as error:
        _stop(f"error: {error.filename}: {error.strerror}; choose another folder", 2)
    except BrokenPipeError:  # who reads, `head` say, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except OSError as error:
        if not is_full(error):
            raise
        place = f" at {error.filename}" if error.filename else ""
        _stop(f"error: the disk is full{place}; free some space and {again()}", 2)
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("joblib", "submitit"):
            raise
        lost = f"the launcher lost a job ({type(error).__name__}); what is finished is kept"
        _stop(f"error: {lost}; {again()} to continue", 3)


@contextmanager
def in_callback(name: str) -> Iterator[None]:
    """Like `one_sentence`, for Hydra's callbacks: a defect ends the command too.

    Hydra would print any exception as a warning and go on.
    """
    try:
        with one_sentence(name):
            yield
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None


class _Task:
    """Hydra's task function; picklable, so that any launcher may carry it."""

    def __init__(self, name: str, run: Callable[[dict[str, Any]], Any]) -> None:
        self.name, self.run = name, run

    def __call__(self, cfg: DictConfig) -> Any:
        with one_sentence(self.name):  # here too: Hydra would print a traceback's head first
            hydra_config = HydraConfig.get()
            settings = partial(self._settings, cfg, hydra_config)
            if hydra_config.mode == RunMode.MULTIRUN and "sweep" in cfg:
                from sem3d.runtime.sweeps.job import run_job  # --help needs none of it

                return run_job(self.name, settings, hydra_config)
            return self.run(settings())

    def _settings(self, cfg: DictConfig, hydra_config: Any) -> dict[str, Any]:
        """Return the plain configuration; what is wrong with it is an `InputError`."""
        try:
            refuse_additions(hydra_config.overrides.task, cfg)
            return plain(cfg, hydra_config)
        except OmegaConfBaseException as error:
            raise InputError(explain(error, self.name)) from None


def again() -> str:
    """How to continue; ``fresh=true`` would delete what is there."""
    without = " without fresh=true" if "fresh=true" in (a.lower() for a in sys.argv[1:]) else ""
    return f"run the same command again{without}"


def plain(cfg: DictConfig, hydra_config: Any) -> dict[str, Any]:
    """Resolve the configuration to plain values, with ``choices`` of groups and ``overrides``."""
    values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(values, dict)
    choices = dict(hydra_config.runtime.choices)
    given = {"choices": choices, "overrides": list(hydra_config.overrides.task)}
    return {str(k): v for k, v in values.items()} | given


def refuse_additions(overrides: list[str], cfg: DictConfig) -> None:
    """Raise `InputError` for ``~key``, and for ``+key=value`` where nothing would read the key.

    Anywhere inside a node with ``_target_`` an addition is part of an argument, checked when it
    is built.
    """
    for override in overrides:
        if override.startswith("~"):
            raise InputError(
                f"{override!r} removes a setting that is needed; set it to null instead"
            )
        key = override.split("=")[0].lstrip("+")
        parents = (OmegaConf.select(cfg, key[: dot.start()]) for dot in re.finditer(r"\.", key))
        known = any(isinstance(p, DictConfig) and "_target_" in p for p in parents)
        group = (CONF / key).is_dir()
        if override.startswith("+") and not known and not group:
            raise InputError(
                f"{override!r} adds a key that nothing reads; only arguments of a node with "
                "_target_ can be added"
            )


def explain(error: Exception, name: str) -> str:
    """Return one sentence for an error of the configuration."""
    text = str(error)
    if isinstance(error, OverrideParseException):
        return f"{error.override!r} is not understood ({text.splitlines()[0]}); write key=value"
    if match := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return f"{match[1]!r} has several values; put -m first to run each; a list is key=[a,b]"
    if match := re.search(r"Could not override '([^']+)'", text):
        key = match[1].split("@")[0]
        if key.startswith("hydra."):
            return f"unknown configuration key {key!r}; --cfg hydra shows those of Hydra"
        known = _known_keys(name)
        group = key.split(".")[0]
        chosen_by_user = (CONF / group).is_dir() and not any(
            k.startswith(f"{group}.") for k in known
        )
        if key in known or (chosen_by_user and "." in key):
            return f"{key!r} does not exist for the chosen options; see them with --cfg job"
        settable = [k for k in known if not k.endswith("._target_")]
        return f"unknown configuration key {key!r}{did_you_mean(key, settable)}"
    if isinstance(error, MissingConfigException) and (
        match := re.search(r"Could not find '([^']+)/([^'/]+)'", text)
    ):
        group, choice = match.groups()
        choices = [p.stem for p in (CONF / group).glob("*.yaml")] or _of_hydra(group)
        return f"there is no {group}={choice}{did_you_mean(choice, choices)}"
    if match := re.search(r"Missing mandatory value: (\S+)", text):
        key = error.full_key if isinstance(error, MissingMandatoryValue) else match[1]
        return f"{key} is not set; give {key}=... on the command line"
    return " ".join(text.split())


def _of_hydra(group: str) -> list[str]:
    """Options of a group that Hydra and its plugins bring."""
    with _composing():
        return GlobalHydra.instance().config_loader().get_group_options(group)


def _composing() -> AbstractContextManager[Any]:
    """Let Hydra compose, also where it is in the middle of a multirun."""
    if GlobalHydra.instance().is_initialized():
        return nullcontext()
    return hydra.initialize_config_dir(str(CONF), version_base="1.3")


def _known_keys(name: str) -> set[str]:
    """Every key of the command's default configuration, dotted, and its groups."""
    with _composing():
        cfg = hydra.compose(name)
    groups = {p.name for p in CONF.iterdir() if p.is_dir()}
    return groups | set(_dotted(OmegaConf.to_container(cfg, resolve=False)))


def _dotted(tree: Any, prefix: str = "") -> list[str]:
    if not isinstance(tree, Mapping):
        return []
    keys = [(f"{prefix}{k}", v) for k, v in tree.items()]
    return [k for k, _ in keys] + [d for k, v in keys for d in _dotted(v, f"{k}.")]


def one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Format a warning of ours as one line, others with their place."""
    del category, line
    place = "" if Path(filename).is_relative_to(PACKAGE) else f" ({filename}:{lineno})"
    return f"warning: {message}{place}\n"


def _stop(message: str, status: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(status)
