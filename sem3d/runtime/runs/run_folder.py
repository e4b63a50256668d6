"""The folder of one training run: its settings, checkpoints, curves and the mark that it is done.

``run.json`` holds the configuration and what every attempt came from; ``done.json`` comes last.
Running the same command again continues from ``checkpoints/last.ckpt``.
"""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.runtime.runs.logged import read_logged
from sem3d.runtime.runs.provenance import config_hash

IDENTITY: Final = (
    "acquisition", "noise", "geometry", "simulator", "dataset", "optimizer", "schedule", "loss",
    "task", "model", "datamodule", "seed", "weights", "ema",
)  # fmt: skip
"""Settings that make a run this run; others (trainer, logger) may change when it continues."""
RUNGS: Final = "halving.json"


class RunFolder:
    """One run's files.

    Args:
        path: the folder, created when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.metrics = path / "metrics.csv"

    @property
    def last(self) -> Path:
        """Checkpoint to continue from."""
        return self.checkpoints / "last.ckpt"

    @property
    def best(self) -> Path:
        """Checkpoint with the best validation score."""
        return self.checkpoints / "best.ckpt"

    def open(self, cfg: Mapping[str, Any], fresh: bool) -> None:
        """Create the folder for `cfg`, or check that it already holds this run.

        Args:
            cfg: the run's configuration.
            fresh: delete what the folder holds and start over.

        Raises:
            InputError: it holds a run with other settings, or `fresh` would delete no run.
        """
        if fresh and self.path.exists():
            if not (self.path / "run.json").is_file():
                raise InputError(f"{self.path} holds no run to replace; leave fresh=true out")
            shutil.rmtree(self.path)
        ours = {"hash": run_hash(cfg), "identity": identity(cfg), "config": cfg}
        if (self.path / "run.json").is_file() and self.last.is_file():
            self._refuse_other(cfg)
            attempts = self.read("run.json").get("attempts", [])
        else:
            self.metrics.unlink(missing_ok=True)  # of a run that saved nothing
            attempts = []
        self.write("run.json", ours | {"attempts": attempts})

    def add_attempt(self, attempt: Mapping[str, Any]) -> None:
        """Write down that training starts, or starts again, and with what."""
        told = self.read("run.json")
        self.write("run.json", told | {"attempts": [*told["attempts"], dict(attempt)]})

    def is_done(self, cfg: Mapping[str, Any]) -> bool:
        """True when this run has finished and `cfg` asks for no more epochs or steps than it made.

        A run that was halved is done for as long as `cfg` halves.

        Raises:
            InputError: another run has finished here.
        """
        if not (self.path / "done.json").is_file():
            return False
        self._refuse_other(cfg)
        done = self.read("done.json")
        if done.get("halved"):
            return halving(cfg) is not None
        ours, theirs = ends(cfg["trainer"]), done["ends"]
        return all(theirs[k] is None or (ours[k] or math.inf) <= theirs[k] for k in ours)

    def finish(self, cfg: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Mark the run as done.

        Args:
            cfg: the run's configuration.
            scores: what was logged last; when empty, since a resumed run was at its end already,
                it is read from the curves.
        """
        if not scores:
            logged = sorted(read_logged(self.metrics).items())
            scores = {name: value for (_, name), (_, value) in logged}
        stops = [rung for rung in self.rungs if rung["stop"]] if halving(cfg) else []
        halved = {k: v for k, v in stops[0].items() if k != "stop"} if stops else None
        done = {"hash": run_hash(cfg), "ends": ends(cfg["trainer"])}
        self.write("done.json", done | {"scores": dict(scores), "halved": halved})

    @property
    def rungs(self) -> list[dict[str, Any]]:
        """Decisions of successive halving so far, in their order; see `sem3d.runtime.sweeps`."""
        return self.read(RUNGS)["rungs"] if (self.path / RUNGS).is_file() else []

    def add_rung(self, decision: Mapping[str, Any]) -> None:
        """Write down a decision of successive halving, so that a resumed run keeps to it."""
        self.write(RUNGS, {"rungs": [*self.rungs, dict(decision)]})

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write a JSON file atomically."""
        write_atomic(self.path / name, json.dumps(values, indent=2))

    def read(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the run.

        Raises:
            InputError: it is damaged.
        """
        try:
            return json.loads((self.path / name).read_text())
        except json.JSONDecodeError as error:
            raise InputError(
                f"{self.path / name} is damaged ({error}); add fresh=true to train anew"
            ) from error

    def _refuse_other(self, cfg: Mapping[str, Any]) -> None:
        theirs = self.read("run.json")["identity"]
        changed = [key for key in IDENTITY if theirs.get(key) != cfg[key]]
        if changed:
            raise InputError(
                f"{self.path} holds a run with other settings of {', '.join(changed)}; "
                "give name=... (in a sweep, sweep.name=...) for a second run, or delete that folder"
            )


def identity(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that make a run this run."""
    return {key: cfg[key] for key in IDENTITY}


def run_hash(cfg: Mapping[str, Any]) -> str:
    """Digest of the settings that make a run this run and of where its training ends."""
    return config_hash({"identity": identity(cfg), "ends": ends(cfg["trainer"])})


def halving(cfg: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the settings of successive halving; None without, as in older configurations."""
    return (cfg.get("sweep") or {}).get("halving")


def ends(trainer: Mapping[str, Any]) -> dict[str, int | None]:
    """Where training ends: epochs and steps, None when not limited."""
    limits = {key: trainer[key] for key in ("max_epochs", "max_steps")}
    return {k: None if v == -1 else v for k, v in limits.items()}
