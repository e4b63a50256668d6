"""Reading result files: every defect becomes one sentence that names the file."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from sem3d.errors import InputError
from sem3d.report.results import Dataset, Noise, Numbers, Predictor, Result

SCHEMA: Final = 1

_HEADLINE: Final = {"miou_report", "miou_pooled"}
_AGAIN: Final = "evaluate the predictor again or remove the file"
Block = TypeVar("Block")


def load_results(folder: Path) -> tuple[Result, ...]:
    """Read every result file below `folder`, in order of their paths.

    Raises:
        InputError: there is none, or one is not a valid result file.
    """
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise InputError(
            f"no result files under {folder}; "
            "make one with `python -m sem3d.evaluate checkpoint=...`"
        )
    return tuple(read_result(path) for path in paths)


def read_result(path: Path) -> Result:
    """Read and check one result file.

    Raises:
        InputError: the file is truncated, of another schema, or lacks or garbles a key.
    """
    document = _read_document(path)
    dataset = _build(Dataset, document, "dataset", path)
    voxels = dataset.kind == "voxels"
    return Result(
        path,
        _build(Predictor, document, "predictor", path),
        dataset,
        _noise(document, path),
        _scores(document, "scores", path),
        _scores(document, "scores_transposed", path),
        document.get("timing") or {},
        document.get("provenance") or {},
        _samples(document, dataset.samples, path) if voxels else {},
        _list(document, "depth_iou", path) if voxels else (),
    )


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not readable json ({error}); {_AGAIN}") from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise InputError(
            f"{path} has result schema {found!r} but this version reads {SCHEMA}; {_AGAIN}"
        )
    return document


def _build(block_type: type[Block], document: Mapping[str, Any], key: str, path: Path) -> Block:
    """Make `block_type` from the block called `key`; keys it does not know are left alone."""
    block = _mapping(document, key, path)
    known = {field.name: field for field in fields(block_type)}  # type: ignore[arg-type]
    needed = (n for n, f in known.items() if f.default is MISSING is f.default_factory)
    missing = [name for name in needed if name not in block]
    if missing:
        raise InputError(f"{path} lacks {key}.{missing[0]}; {_AGAIN}")
    values = {n: block[n] for n in known if n in block}
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    hints = get_type_hints(block_type)
    for name, value in values.items():
        if not isinstance(value, tuple if get_origin(hints[name]) is tuple else hints[name]):
            raise InputError(f"{path} holds {key}.{name} = {value!r}; {_AGAIN}")
    return block_type(**values)


def _noise(document: Mapping[str, Any], path: Path) -> Noise:
    block = _mapping(document, "noise", path)
    kind = block.get("kind")
    counting = kind in ("poisson", "counts")
    amount = block.get("electrons" if counting else "level", 0)
    if not (counting or kind in ("gaussian", "none")) or not isinstance(amount, int | float):
        raise InputError(f"{path} has the unknown noise {block}; {_AGAIN}")
    return Noise(str(kind) if counting else "gaussian", float(amount))


def _scores(document: Mapping[str, Any], key: str, path: Path) -> dict[str, float]:
    if key == "scores_transposed" and document.get(key) is None:
        return {}
    scores = dict(_numbers(_mapping(document, key, path)))
    if missing := _HEADLINE - scores.keys():
        raise InputError(f"{path} lacks {key}.{min(missing)}; {_AGAIN}")
    for name in scores:
        if not math.isfinite(scores[name]):
            raise InputError(f"{path} holds {key}.{name} = {scores[name]}; {_AGAIN}")
    return scores


def _samples(document: Mapping[str, Any], count: int, path: Path) -> dict[str, Numbers]:
    block = _mapping(document, "samples", path)
    found = {name: _list(block, name, path) for name in block}
    if missing := {"index", "iou"} - found.keys():
        raise InputError(f"{path} lacks samples.{min(missing)}; {_AGAIN}")
    if {len(values) for values in found.values()} != {count}:
        raise InputError(f"{path} holds samples of other numbers than {count}; {_AGAIN}")
    return found


def _list(block: Mapping[str, Any], key: str, path: Path) -> Numbers:
    values = block.get(key)
    if not isinstance(values, list) or not all(v is None or _is_finite(v) for v in values):
        raise InputError(f"{path} lacks {key}, a list of numbers; {_AGAIN}")
    return tuple(None if value is None else float(value) for value in values)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _numbers(block: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in block.items():
        yield name, float(value) if isinstance(value, int | float) else math.nan


def _mapping(document: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    block = document.get(key)
    if not isinstance(block, dict):
        raise InputError(f"{path} lacks the block {key!r}; {_AGAIN}")
    return block
