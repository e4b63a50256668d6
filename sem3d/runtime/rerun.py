"""A finished run once more, from its own stored settings, and what came out differently.

What is repeated is the configuration in ``run.json``, not what today's yaml files say, with the
number of threads of then. Data and weights to start from must be the same files; other changes
(code, versions, device) are told and judged by the outcome.
"""

import copy
import os
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from sem3d.errors import InputError
from sem3d.runtime.cli import one_line, one_sentence
from sem3d.runtime.runs.comparison import compare
from sem3d.runtime.runs.provenance import file_digest, machine, provenance
from sem3d.runtime.runs.run_folder import IDENTITY, RUNGS, RunFolder, halving, run_hash
from sem3d.runtime.sweeps.folder import PLAN

DIFFERENT: Final = 3
"""Exit status when the repeat came out differently."""
NEEDED: Final = (*IDENTITY, "trainer", "checkpoint", "executor", "choices", "overrides", "name")


def repeat(line: Sequence[str], run: Callable[[dict[str, Any]], None]) -> NoReturn:
    """Repeat a finished run, or continue to, and exit with what the comparison finds.

    Args:
        line: the arguments of the command.
        run: trains or continues the run of a configuration.
    """
    warnings.formatwarning = one_line
    with one_sentence("train"):
        given = arguments(line)
        first, again = RunFolder(given.rerun), RunFolder(given.into)
        cfg = prepare(first, again)
        done = again.is_done(cfg)
        if is_first():
            check(first, cfg, again.read("run.json")["attempts"][-1] if done else today(cfg))
        if done:
            print(f"{again.path} was trained before; delete it to repeat the run once more")
        else:
            run(cfg)
        if is_first():
            found = compare(first, again)
            print(found.told())
            raise SystemExit(DIFFERENT if found.differences else 0)
    raise SystemExit(0)


def arguments(line: Sequence[str]) -> Namespace:
    """Read ``--rerun DIR [--into FOLDER]``."""
    parser = ArgumentParser(
        "python -m sem3d.train",
        description="Repeat a finished run from its stored settings and compare what was logged. "
        f"Exit status: 0 identical, {DIFFERENT} different, 2 it cannot be repeated.",
        allow_abbrev=False,
    )
    parser.add_argument("--rerun", metavar="DIR", type=Path, required=True, help="a finished run")
    into = "folder of the repeat, DIR-rerun unless given; the same command again continues there"
    parser.add_argument("--into", metavar="FOLDER", type=Path, help=into)
    given = parser.parse_args(line)
    whole = given.rerun.resolve()
    given.into = given.into or whole.with_name(f"{whole.name}-rerun")
    return given


def prepare(first: RunFolder, again: RunFolder) -> dict[str, Any]:
    """Return the configuration that repeats `first` in `again`, and set the number of threads.

    To be called before torch is imported, in every process.

    Raises:
        InputError: `first` is not finished or lacks what a repeat needs, or `again` is another run.
    """
    told = _finished(first)
    cfg, last = copy.deepcopy(told["config"]), told["attempts"][-1]
    if cfg["trainer"]["devices"] in (-1, "auto"):
        cfg["trainer"]["devices"] = last["processes"]
    cfg["trainer"]["max_time"] = None
    own = {"folder": str(again.path), "fresh": False, "logger": {"name": "csv"}}
    cfg = {**cfg, **own}
    if halving(cfg) is not None and not first.rungs:  # it never came to a rung
        cfg["sweep"]["halving"] = None
    if again.path.resolve() == first.path.resolve():
        raise InputError(f"--into {again.path} is the run itself; give another folder")
    if (again.path / "run.json").is_file() and again.read("run.json").get("hash") != run_hash(cfg):
        raise InputError(f"{again.path} holds another run; delete it, or give --into FOLDER")
    if first.rungs:  # what was decided then is decided
        again.write(RUNGS, first.read(RUNGS))
    os.environ["OMP_NUM_THREADS"] = str(last["threads"])  # Lightning's ranks would choose their own
    import torch

    torch.set_num_threads(last["threads"])
    return cfg


def is_first() -> bool:
    """Whether this process speaks for all: the other ranks of a training run the same command."""
    from lightning.pytorch.utilities import rank_zero_only

    return getattr(rank_zero_only, "rank", 0) == 0


def today(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """What the run would come from if it were trained now; its dataset is written if it may."""
    from sem3d.runtime import datasets
    from sem3d.store.reader import ScanStore

    datasets.ensure(cfg)
    return {
        "dataset": ScanStore(cfg["dataset"]["root"]).checksum,
        "weights": cfg["weights"] and _digest(Path(cfg["weights"])),
        **machine(_device(cfg["trainer"]["accelerator"])),
        **provenance(),
    }


def check(first: RunFolder, cfg: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse other data and tell what else has changed.

    Args:
        first: the run to repeat.
        cfg: its configuration.
        now: what the repeat comes from.

    Raises:
        InputError: the dataset or the weights to start from are not those of then.
    """
    told = first.read("run.json")
    inputs = {"dataset": cfg["dataset"]["root"], "weights": cfg["weights"]}
    for key, place in inputs.items():
        if any(attempt[key] != now[key] for attempt in told["attempts"]):
            raise InputError(
                f"{place} is not what {first.path} was trained from (its checksum differs); "
                "restore it to repeat that run"
            )
    if told["hash"] != run_hash(told["config"]):
        _warn(f"the settings in {first.path / 'run.json'} were changed after training")
    for change in changes(told["attempts"], now):
        _warn(change)


def changes(attempts: Sequence[Mapping[str, Any]], now: Mapping[str, Any]) -> list[str]:
    """Tell in what a repeat differs from the attempts at a run, and these from each other.

    Args:
        attempts: what the run came from, once for every time it was started or resumed.
        now: the same of today.
    """
    told = []
    for key in (k for k in attempts[-1] if k != "step"):
        before = list(dict.fromkeys(attempt.get(key) for attempt in attempts))
        if len(before) > 1:
            values = " and ".join(map(str, before))
            told.append(f"{key} changed while the run was trained, {values}")
        elif now.get(key, before[0]) != before[0]:
            told.append(f"{key} was {before[0]} and is {now[key]}")
    return told


def _finished(run: RunFolder) -> dict[str, Any]:
    """Return the ``run.json`` of a finished run that can be repeated."""
    if not (run.path / "run.json").is_file():
        of = "a sweep, not a run; give one of its jobs"
        none = "no run; give the folder of a finished one"
        raise InputError(f"{run.path} holds {of if (run.path / PLAN).is_file() else none}")
    if not (run.path / "done.json").is_file():
        raise InputError(f"{run.path} has not finished; run its own command again first")
    if not run.metrics.is_file():
        raise InputError(f"{run.metrics} is missing, what a repeat is compared with; restore it")
    told, done = run.read("run.json"), run.read("done.json")
    attempts = told.get("attempts") or [{}]
    missing = [key for key in NEEDED if key not in told["config"]]
    if attempts[0].get("step") != 0 or "hash" not in told or "hash" not in done or missing:
        raise InputError(
            f"{run.path} was trained by an older version, which kept too little to repeat it; "
            "train it anew"
        )
    return told


def _device(accelerator: str) -> str:
    """Return the device that an accelerator stands for here."""
    import torch

    return "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"


def _digest(path: Path) -> str | None:
    return file_digest(path) if path.is_file() else None


def _warn(change: str) -> None:
    warnings.warn(f"{change}; the repeat may come out differently", stacklevel=3)
