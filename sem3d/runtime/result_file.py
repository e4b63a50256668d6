"""Result files: scores as JSON beside the example arrays, read by the report."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sem3d.errors import InputError
from sem3d.store.records import write_atomic


def result_path(folder: Path, result: Mapping[str, Any]) -> Path:
    """Return ``<folder>/<predictor>/<dataset>-<split>-<noise>-<checkpoint>[-seed].json``."""
    noise = {k: v for k, v in result["noise"].items() if k != "kind"}
    amount = "_".join(f"{v:g}" for v in noise.values())
    data = result["dataset"]
    stem = f"{data['name']}-{data['split']}-{result['noise']['kind']}{amount}"
    if checkpoint := result["predictor"].get("checkpoint"):
        stem += f"-{Path(checkpoint).stem}"
    if seed := result["provenance"].get("seed"):
        stem += f"-seed{seed}"
    return folder / re.sub(r"[^\w.,=+-]", "_", result["predictor"]["name"]) / f"{stem}.json"


def save(folder: Path, result: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> Path:
    """Write the result beside its example arrays, the json last; return its path.

    Raises:
        InputError: the same name already stands for the result of another checkpoint.
    """
    path = result_path(folder, result)
    _refuse_other(path, result)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial.npz")
    try:
        np.savez_compressed(partial, **examples)  # type: ignore[arg-type]
        partial.replace(path.with_suffix(".npz"))
    finally:
        partial.unlink(missing_ok=True)
    write_atomic(path, json.dumps(result, indent=2))
    return path


def _refuse_other(path: Path, result: Mapping[str, Any]) -> None:
    """Two runs of one name, from a sweep say, must not replace each other's results."""
    ours = result["predictor"].get("checkpoint")
    if not path.is_file() or ours is None:
        return
    theirs = json.loads(path.read_text())["predictor"].get("checkpoint")
    if theirs and Path(theirs).resolve() != Path(ours).resolve():
        raise InputError(f"{path} holds the result of {theirs}; give another name=...")
