"""What a run has logged so far, read while it may still be written."""

import csv
from pathlib import Path

HEADER = ["step", "epoch", "name", "value"]
Logged = dict[tuple[int, str], tuple[int, float]]
"""Epoch and value by step and name."""


def read_logged(path: Path) -> Logged:
    """Read ``metrics.csv``; nothing while there is none.

    A resumed run repeats steps: the last row counts. A line without its end is still being
    written, or was cut by a kill and is repeated below.

    Args:
        path: the table of step, epoch, name and value.
    """
    return scan(path)[0]


def scan(path: Path) -> tuple[Logged, list[str]]:
    """Read what `read_logged` returns, and the lines that it passes over, the header aside."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}, []
    *lines, cut = content.decode(errors="replace").replace("\r\n", "\n").split("\n")
    found: Logged = {}
    damaged = [] if lines[:1] == [",".join(HEADER)] else lines[:1]
    for line, row in zip(lines[1:], csv.reader(lines[1:]), strict=True):
        try:
            step, epoch, name, value = row
            found[int(step), name] = int(epoch), float(value)
        except ValueError:  # the rest of a cut line
            damaged.append(line)
    return found, [*damaged, cut] if cut else damaged
