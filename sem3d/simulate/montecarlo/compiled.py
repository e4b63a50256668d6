"""How the functions of the transport are compiled."""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit


def device(function: Callable) -> Any:
    """Compile a function that runs on CPU and GPU as part of those that call it.

    Such functions calculate in float32 and know neither exceptions nor memory of their own. Their
    machine code is not kept but that of their callers, see `source_digest`.
    """
    bare = inspect.unwrap(function)  # of a run-time checker
    return njit(error_model="numpy", forceinline=True)(bare)


def source_digest() -> str:
    """Return a digest of the sources of this folder.

    Numba notices a change in the file of a function whose machine code it keeps, not in those of
    the functions within. A function that closes over this digest is compiled anew then.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
