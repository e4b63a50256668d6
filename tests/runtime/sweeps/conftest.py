"""A sweep with a plan made by hand, and how a program becomes its job."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sem3d.runtime.sweeps.folder import Plan, SweepFolder

MakePlan = Callable[..., Plan]


@pytest.fixture
def planned() -> MakePlan:
    """Plan a sweep over learning rates."""

    def make(*rates: str, **other: Any) -> Plan:
        rates = rates or ("0.1", "0.2")
        values: dict[str, Any] = {
            "name": "first",
            "command": "python -m sem3d.train -m",
            "parameters": {"optimizer.lr": list(rates)},
            "jobs": {f"lr-{rate}": {"optimizer.lr": rate} for rate in rates},
            "base": {"seed": 0, "trainer": {"max_epochs": 2}},
            "monitor": "val/score",
            "mode": "max",
        }
        return Plan(**values | other)

    return make


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    return SweepFolder(tmp_path / "sweeps" / "first")


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let ``nvidia-smi`` list what it is told; locks of GPUs are those of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    program = folder / "nvidia-smi"

    def lists(listing: str) -> None:
        program.write_text(f'#!/bin/sh\n[ "$*" = -L ] || exit 1\ncat <<END\n{listing}\nEND\n')
        program.chmod(0o755)

    lists("\n".join(f"GPU {n}: NVIDIA H (UUID: GPU-{n}a-0b)" for n in range(3)))
    return lists
