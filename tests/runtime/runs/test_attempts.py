from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sem3d.runtime.runs.provenance import file_digest
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.slices import Stopped
from sem3d.store.reader import ScanStore

pytestmark = pytest.mark.filterwarnings("ignore")  # of Lightning, about its own internals


def test_every_attempt_tells_its_first_step_and_what_it_came_from(
    config: Callable[..., Any], tmp_path: Path, store: ScanStore
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(Stopped):
        training.train(config("trainer.max_epochs=1", "trainer.max_time='00:00'"), run)
    training.train(config("trainer.max_epochs=1"), run)
    first, second = run.read("run.json")["attempts"]
    assert (first["step"], second["step"]) == (0, 1)
    assert first["dataset"] == store.checksum
    assert first["threads"] == torch.get_num_threads()
    assert (first["device"], first["processes"], first["weights"]) == ("cpu", 1, None)
    assert first | {"step": 1} == second


def test_weights_to_start_from_are_told_by_their_content(
    config: Callable[..., Any], tmp_path: Path
) -> None:
    first, tuned = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "tuned")
    training.train(config("trainer.max_steps=1"), first)
    training.train(config("trainer.max_steps=1", f"weights={first.last}"), tuned)
    (attempt,) = tuned.read("run.json")["attempts"]
    assert attempt["weights"] == file_digest(first.last)
