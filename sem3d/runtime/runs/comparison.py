"""Two runs compared by everything they logged."""

import math
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sem3d.runtime.runs.logged import read_logged
from sem3d.runtime.runs.run_folder import RunFolder

SHOWN: Final = 10
"""Differences printed."""


@dataclass(frozen=True)
class Comparison:
    """What two runs logged.

    Attributes:
        values: how many logged values were compared.
        left_out: training losses of epochs that were interrupted, means over their last slice.
        differences: step, name and both values; None where one run has none, and for the step
            of what stands in ``done.json``, which comes first.
    """

    values: int
    left_out: int
    differences: list[tuple[int | None, str, Any, Any]]

    def told(self) -> str:
        """Say it on one line, or as a table of the first differences."""
        left_out = f" (training losses of interrupted epochs left out: {self.left_out})"
        tail = left_out if self.left_out else ""
        if not self.differences:
            return f"identical: {self.values} logged values{tail}"
        rows: list[tuple[Any, ...]] = [("step", "name", "first", "repeat")]
        told = ([("-" if v is None else str(v)) for v in row] for row in self.differences)
        rows += [tuple(row) for row in islice(told, SHOWN)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        logged = sum(step is not None for step, *_ in self.differences)
        head = f"different: {logged} of {self.values} logged values{tail}"
        return "\n".join([head, *lines])


def compare(first: RunFolder, again: RunFolder) -> Comparison:
    """Compare ``metrics.csv`` and ``done.json`` of two finished runs, to the last bit."""
    ours, theirs = read_logged(first.metrics), read_logged(again.metrics)
    cut = {key for run in (first, again) for key in interrupted(run)}
    keys = sorted((ours.keys() | theirs.keys()) - cut)
    a, b = first.read("done.json"), again.read("done.json")
    found: list[tuple[int | None, str, Any, Any]] = [
        (None, k, a[k], b[k]) for k in ("hash", "ends", "halved") if a[k] != b[k]
    ]
    for key in keys:
        one, two = ours.get(key), theirs.get(key)
        if not _same(one, two):
            found.append((*key, one and one[1], two and two[1]))
    return Comparison(len(keys), len(cut), found)


def interrupted(run: RunFolder) -> set[tuple[int, str]]:
    """Return step and name of training losses whose epoch was resumed after its first step."""
    steps = sorted(step for step, name in read_logged(run.metrics) if name == "train/loss")
    starts = {attempt["step"] for attempt in run.read("run.json")["attempts"]} - {0, *steps}
    ends = (next((step for step in steps if step > start), None) for start in starts)
    return {(end, "train/loss") for end in ends if end is not None}


def _same(a: tuple[int, float] | None, b: tuple[int, float] | None) -> bool:
    if a is None or b is None:
        return False
    return a == b or (a[0] == b[0] and math.isnan(a[1]) and math.isnan(b[1]))
