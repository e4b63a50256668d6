"""What a run or result came from: versions, code state, machine, configuration."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from sem3d import __version__

PACKAGES: Final = (
    "torch", "lightning", "numpy", "zarr", "hydra-core", "omegaconf", "torchmetrics", "numba",
    "opensimplex",
)  # fmt: skip
"""What decides numbers, beside sem3d itself."""


def provenance() -> dict[str, Any]:
    """Versions of sem3d and what it rests on, the state of its code, the processor."""
    packages = {name: version(name) for name in PACKAGES}
    return {
        "sem3d": __version__,
        "git": git_state(),
        "source": source_digest(),
        "python": platform.python_version(),
        "platform": platform.machine(),
        "cpu": cpu_model(),
        **packages,
    }


def machine(device: str) -> dict[str, Any]:
    """What computes: the GPU's name or "cpu", threads and instructions of torch in this process.

    Args:
        device: "cpu", "cuda" or "cuda:<number>".
    """
    import torch

    on_gpu = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name(device) if on_gpu else device,
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def cpu_model() -> str:
    """Name of the processor; its architecture where the system tells no name."""
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        told = ""
    names = (line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line)
    return next(names, platform.processor() or platform.machine())


def git_state() -> str | None:
    """Commit of the source tree, "+" when changed since; None outside a checkout."""
    here = Path(__file__)
    if not _git(here.parent, "ls-files", here.name):  # installed below somebody else's checkout
        return None
    commit = _git(here.parent, "rev-parse", "--short", "HEAD")
    return commit and commit + ("+" if _git(here.parent, "status", "--porcelain", "-uno") else "")


def source_digest() -> str:
    """Digest of sem3d's own code: tells changes apart that no commit has."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _git(folder: Path, *arguments: str) -> str | None:
    call = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def config_hash(config: Mapping[str, Any]) -> str:
    """Digest of a plain configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
