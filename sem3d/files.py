"""Files that appear whole or not at all, and arrays whose file is checked when it is read."""

import errno
import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sem3d.errors import InputError


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` so that `path` holds either the old content or all of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
            f.flush()
            os.fsync(f.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def is_full(error: BaseException) -> bool:
    """Whether a disk or a quota is full: more of the same would fail alike."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def checksum_file(data: Path) -> Path:
    """Path of the SHA-256 beside a data file, in the format of ``sha256sum``."""
    return data.with_name(f"{data.name}.sha256")


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays of any shape by name as .npz and, beside it, its SHA-256."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    content = packed.getvalue()
    write_atomic(path, content)
    write_atomic(checksum_file(path), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")


def read_arrays(path: Path, remedy: str) -> tuple[dict[str, np.ndarray], str]:
    """Return what `write_arrays` wrote, by name, and its SHA-256.

    Args:
        path: the .npz file.
        remedy: what to do about a missing or damaged file, for the message.

    Raises:
        InputError: the file or its checksum is missing, or it is not the file that was written.
    """
    try:
        content = path.read_bytes()
        expected = checksum_file(path).read_text().split()[0]
    except (OSError, IndexError):
        raise InputError(f"{path} or its .sha256 is missing; {remedy}") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise InputError(f"{path} differs from its SHA-256; {remedy}")
    try:
        with np.load(io.BytesIO(content)) as stored:
            return dict(stored), expected
    except (zipfile.BadZipFile, ValueError, OSError, TypeError, AttributeError):
        raise InputError(f"{path} is not an .npz file; {remedy}") from None
