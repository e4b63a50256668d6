"""Shard records: which shards are whole, and the digest of each file.

While a store is being written, every finished shard leaves one small file in ``.records``,
written last and atomically. When all are there they move into the root attributes.
"""

import hashlib
import json
from pathlib import Path

from sem3d.errors import InputError
from sem3d.files import write_atomic

Record = dict[str, str]
"""SHA-256 of each array's shard file, by array name."""


def shard_file(root: Path, split: str, name: str, shard: int) -> Path:
    """Path of one array's shard inside the store (zarr v3 default chunk keys)."""
    array = root / split / name
    dimensions = len(json.loads((array / "zarr.json").read_text())["shape"])
    return array.joinpath("c", str(shard), *["0"] * (dimensions - 1))


def digest(path: Path) -> str:
    """SHA-256 of a file, or "missing"."""
    if not path.is_file():
        return "missing"
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def measure(root: Path, split: str, shard: int) -> Record:
    """Digest the files of one shard as they are on disk."""
    arrays = sorted(path.parent.name for path in (root / split).glob("*/zarr.json"))
    return {name: digest(shard_file(root, split, name, shard)) for name in arrays}


def record_path(root: Path, split: str, shard: int) -> Path:
    """Path of the record that a finished shard leaves while the store is incomplete."""
    return root / ".records" / f"{split}-{shard:05d}.json"


def write_record(root: Path, split: str, shard: int) -> None:
    """Record a shard whose files are all in place.

    Raises:
        InputError: one is not, for somebody else replaces it.
    """
    record = measure(root, split, shard)
    if "missing" in record.values():
        raise InputError(
            f"{root} is written by somebody else as well, perhaps by workers that an earlier "
            "command has left; end them and run the same command again"
        )
    write_atomic(record_path(root, split, shard), json.dumps(record))


def read_record(root: Path, split: str, shard: int) -> Record | None:
    """Return the record of a shard, or None when it is absent or unreadable."""
    try:
        return json.loads(record_path(root, split, shard).read_text())
    except (OSError, json.JSONDecodeError):
        return None
