"""Result files: scores as JSON beside the example arrays, read by the report."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sem3d.errors import InputError
from sem3d.files import write_atomic


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


def find(folder: Path, same: Mapping[str, Any]) -> tuple[Path, dict[str, Any]] | None:
    """Return a finished result that holds everything in `same`, and its path, or None.

    Args:
        folder: folder of result files.
        same: part of a result: everything that decides the scores.
    """
    path = result_path(folder, same)
    if not (path.is_file() and path.with_suffix(".npz").is_file()):
        return None
    try:
        result = json.loads(path.read_text())
    except ValueError:  # damaged: it is made again
        return None
    return (path, result) if _holds(result, json.loads(json.dumps(same))) else None


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return all(key in whole and _holds(whole[key], value) for key, value in part.items())
    return bool(whole == part)


def save(folder: Path, result: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> Path:
    """Write the result beside its example arrays, the json last; return its path.

    Raises:
        InputError: the same name already stands for another checkpoint or other settings.
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
    """Two predictors of one name, from a sweep say, must not replace each other's results."""
    try:
        there = json.loads(path.read_text())
    except (OSError, ValueError):  # none, or damaged: it is replaced
        return
    ours, theirs = (_who(r["predictor"]) for r in (result, there))
    if ours != theirs:
        raise InputError(f"{path} holds the result of {theirs}; give another name=...")


def _who(predictor: Mapping[str, Any]) -> str:
    """What tells predictors of one name apart: checkpoint and symmetries, or solver settings."""
    if checkpoint := predictor.get("checkpoint"):
        turned = " with symmetries" if predictor.get("symmetries") else ""
        return f"{Path(checkpoint).resolve()}{turned}"
    return json.dumps({key: predictor.get(key) for key in ("settings", "energies_keV")})
