"""From configuration to a dataset on disk."""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sem3d.errors import InputError
from sem3d.locks import Lock
from sem3d.runtime.build import build
from sem3d.store.reader import ScanStore
from sem3d.store.schema import Recipe
from sem3d.store.writer import difference, generate

PARTS = ("acquisition", "geometry", "simulator")
DECIDING = ("dataset", *PARTS)


def recipe(cfg: Mapping[str, Any]) -> Recipe:
    """Build the recipe that the configuration describes.

    Raises:
        InputError: it describes a finished store, or parts that cannot be built.
    """
    dataset = cfg["dataset"]
    if dataset["splits"] is None:
        raise InputError(
            f"dataset={cfg['choices']['dataset']} stands for a finished store and has no recipe; "
            "choose another dataset to write"
        )
    parts = {name: cfg[name] for name in PARTS}
    config = parts | {"seed": dataset["seed"], "splits": dataset["splits"]}
    built = {name: build(node, name) for name, node in parts.items()}
    if files := getattr(built["geometry"], "files_sha256", None):
        config["files_sha256"] = files
    return Recipe(
        geometry=built["geometry"],
        simulator=built["simulator"],
        beam=built["acquisition"],
        splits=dataset["splits"],
        seed=dataset["seed"],
        config=config,
        command=command(cfg["choices"], cfg["overrides"]),
    )


def command(
    choices: Mapping[str, str | None], overrides: Sequence[str], places: Sequence[str] = ()
) -> str:
    """Return the command line that writes the dataset which these settings describe.

    Args:
        choices: chosen option of every configuration group.
        overrides: what was given on the command line.
        places: further keys to repeat, which decide where it is but not what it holds.
    """
    keys = "|".join((*DECIDING, *places))
    mattering = [o for o in overrides if re.match(rf"\+*({keys})[.=@]", o)]
    others = sorted(o for o in mattering if not o.startswith("dataset="))
    chosen = [f"dataset={choices['dataset']}", *others]
    return shlex.join(["python", "-m", "sem3d.generate", *chosen])


def write(cfg: Mapping[str, Any]) -> ScanStore:
    """Write, continue or repair the configured dataset, with a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    root = Path(cfg["dataset"]["root"])
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    steps = generate(root, recipe(cfg), build(cfg["executor"], "executor"))
    with Progress(*columns, console=Console(stderr=True)) as progress, closing(steps):
        bar = progress.add_task(f"shards of {root.name}", total=None)
        for done, total in steps:
            progress.update(bar, completed=done, total=total)
    return ScanStore(root)


def ensure(cfg: Mapping[str, Any]) -> None:
    """Write the dataset now if it is missing and small; a large one is an error.

    Raises:
        InputError: the dataset is missing or incomplete and not written on first use.
    """
    root = Path(cfg["dataset"]["root"])
    if cfg["dataset"]["splits"] is None:  # a store from elsewhere, taken as it is
        ScanStore(root)
        return
    made_by = recipe(cfg)
    if cfg["dataset"]["write_on_first_use"]:
        if not _is_complete(root):
            _write_once(cfg, root)
    elif not root.exists():
        total = sum(made_by.splits.values())
        here = command(cfg["choices"], cfg["overrides"], ("data_dir",))
        raise InputError(f"{root} ({total:,} samples) is missing; write it with `{here}`")
    _check_recipe(ScanStore(root), made_by)


def _write_once(cfg: Mapping[str, Any], root: Path) -> None:
    """Write the dataset, or wait while another process writes it."""

    def waiting() -> None:
        print(f"waiting for {root}, which another process writes", file=sys.stderr, flush=True)

    with Lock(root.with_name(f".{root.name}.first_use.lock")).held(waiting):
        if not _is_complete(root):
            write(cfg)


def _is_complete(root: Path) -> bool:
    try:
        ScanStore(root)
    except InputError:
        return False
    return True


def _check_recipe(store: ScanStore, made_by: Recipe) -> None:
    """Refuse a store whose recipe differs: its name would stand for other data."""
    if other := difference(store.attributes, made_by):
        raise InputError(
            f"{store.root} holds a dataset of another recipe ({other}); choose another dataset.name"
        )
