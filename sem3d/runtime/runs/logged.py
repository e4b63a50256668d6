"""What a run has logged so far: appended by its attempts, read while it may still be written."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HEADER: Final = "step,epoch,name,value"
# 15 digits at most, so that steps and epochs can always be drawn; names are those of scores
_ROW: Final = re.compile(
    r'([0-9]{1,15}),([0-9]{1,15}),([^\s,"\ufffd]+),'
    r"(nan|-?inf|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"
)
Logged = dict[tuple[int, str], tuple[int, float]]
"""Epoch and value by step and name."""


def append(path: Path, step: int, epoch: int, values: Mapping[str, float]) -> None:
    """Add one row per value to ``metrics.csv``, below its header and its last whole line.

    What a kill or a full disk left of a line is cut off first: it would merge with the next row.

    Args:
        path: the table, made when missing.
        step: optimiser steps made.
        epoch: the current epoch, counted from 0.
        values: by name.
    """
    lines = [f"{step},{epoch},{name},{value}\n" for name, value in values.items()]
    with path.open("a+b") as f:
        f.seek(0)
        whole = f.read().rfind(b"\n") + 1
        f.truncate(whole)
        f.write("".join(lines if whole else [f"{HEADER}\n", *lines]).encode())


def read_logged(path: Path) -> Logged:
    """Read ``metrics.csv``; nothing while there is none.

    A resumed run repeats steps: the last row counts.

    Args:
        path: the table of step, epoch, name and value.
    """
    return scan(path)[0]


def scan(path: Path) -> tuple[Logged, list[str]]:
    """Read what `read_logged` returns, and the damaged lines that it passes over.

    A last line without its end is neither: it is still being written, or was cut by a kill and is
    repeated when the run is resumed.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}, []
    *lines, _ = content.decode(errors="replace").replace("\r\n", "\n").split("\n")
    found: Logged = {}
    damaged = []
    for line in lines[lines[:1] == [HEADER] :]:
        if row := _ROW.fullmatch(line):
            step, epoch, name, value = row.groups()
            found[int(step), name] = int(epoch), float(value)
        else:
            damaged.append(line)
    return found, damaged
