"""What a run or result came from: versions, code state, configuration."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sem3d import __version__

PACKAGES = ("torch", "lightning", "numpy", "zarr", "hydra-core")


def provenance() -> dict[str, Any]:
    """Versions of sem3d and what it rests on, the commit, the platform."""
    packages = {name: version(name) for name in PACKAGES}
    return {
        "sem3d": __version__,
        "git": git_state(),
        "python": platform.python_version(),
        "platform": platform.machine(),
        **packages,
    }


def git_state() -> str | None:
    """Commit of the source tree, "+" when changed since; None outside a checkout."""
    here = Path(__file__)
    if not _git(here.parent, "ls-files", here.name):  # installed below somebody else's checkout
        return None
    commit = _git(here.parent, "rev-parse", "--short", "HEAD")
    return commit and commit + ("+" if _git(here.parent, "status", "--porcelain", "-uno") else "")


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
