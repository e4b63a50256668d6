"""Checkpoints written beside their place and then moved there in one step.

Lightning's own writer copies from the system's temporary folder: a kill or a full disk during
the copy would leave half a checkpoint where a good one stood.
"""

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO


class AtomicCheckpointIO(TorchCheckpointIO):
    """Replace a checkpoint by a whole one, or leave it as it is."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint` to `path`."""
        del storage_options
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        content = io.BytesIO()  # torch hides a full disk behind an error of its own
        torch.save(checkpoint, content)
        try:
            with partial.open("wb") as f:
                f.write(content.getbuffer())
                f.flush()
                os.fsync(f.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
