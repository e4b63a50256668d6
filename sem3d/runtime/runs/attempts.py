"""Every attempt at a run, with what it came from: versions may change before a run is resumed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from sem3d.runtime.runs.provenance import file_digest, machine, provenance
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.tasks.reconstruction import ReconstructionTask


class Attempts(Callback):
    """Add an attempt to ``run.json`` when training starts: only then data and threads are known.

    Args:
        run: where to write.
        cfg: the run's configuration.
    """

    def __init__(self, run: RunFolder, cfg: Mapping[str, Any]) -> None:
        self.run, self.weights = run, cfg["weights"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write down the first step of this attempt and what it computes with."""
        if not trainer.is_global_zero:
            return
        assert isinstance(pl_module, ReconstructionTask)
        attempt = {
            "step": trainer.global_step,
            "dataset": pl_module.data.dataset["checksum"],
            "weights": self.weights and file_digest(Path(self.weights)),
            "processes": trainer.world_size,
            **machine(str(trainer.strategy.root_device)),
            **provenance(),
        }
        self.run.add_attempt(attempt)
