"""The folder of one training run: its settings, checkpoints, curves and the mark that it is done.

``run.json`` holds configuration, provenance and data statistics; ``done.json`` is written last.
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
from sem3d.runtime.provenance import provenance

IDENTITY: Final = (
    "acquisition", "noise", "geometry", "simulator", "dataset", "optimizer", "schedule", "loss",
    "task", "model", "datamodule", "seed", "weights", "ema",
)  # fmt: skip
"""Settings that make a run this run; others (trainer, logger) may change when it continues."""


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
        if (self.path / "run.json").is_file() and self.last.is_file():
            self._refuse_other(cfg)
        else:
            ours = {key: cfg[key] for key in IDENTITY}
            self.write("run.json", {"identity": ours, "config": cfg, "provenance": provenance()})

    def is_done(self, cfg: Mapping[str, Any]) -> bool:
        """True when this run has finished and `cfg` asks for no more epochs or steps than it made.

        Raises:
            InputError: another run has finished here.
        """
        if not (self.path / "done.json").is_file():
            return False
        self._refuse_other(cfg)
        ours, theirs = _ends(cfg["trainer"]), self.read("done.json")["ends"]
        return all(ours[key] <= (theirs[key] or math.inf) for key in ours)

    def finish(self, cfg: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Mark the run as done."""
        ends = {k: None if v == math.inf else v for k, v in _ends(cfg["trainer"]).items()}
        self.write("done.json", {"ends": ends, "scores": dict(scores)})

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
                "give name=... for a second run, or fresh=true to replace it"
            )


def _ends(trainer: Mapping[str, Any]) -> dict[str, float]:
    """Where training ends: epochs and steps, infinite when not limited."""
    limits = {key: trainer[key] for key in ("max_epochs", "max_steps")}
    return {k: math.inf if v in (None, -1) else v for k, v in limits.items()}
