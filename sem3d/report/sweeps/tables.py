"""All jobs of a sweep as a table, best first."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from rich.table import Table

from sem3d.files import write_atomic
from sem3d.report.cells import csv_lines
from sem3d.report.sweeps.outcomes import Outcome, Sweep, seconds
from sem3d.report.sweeps.parameters import parameters

FILE: Final = "table.csv"
TOLD: Final = ("best epoch", "last score", "state", "epochs", "minutes", "attempts", "note")
"""Columns after the score."""


def in_order(sweep: Sweep) -> list[Outcome]:
    """Return all outcomes, best first, those without a score last in the order of the plan."""
    return [*sweep.ranked, *(one for one in sweep.outcomes if one.best is None)]


def csv_table(sweep: Sweep) -> str:
    """Return every job as csv: values as in overrides, scores in full precision, epochs from 0."""
    keys = list(sweep.plan.parameters)
    now, head = time.time(), ["job", *keys, sweep.plan.monitor, *TOLD]
    return csv_lines([head, *(_row(one, keys, now) for one in in_order(sweep))])


def _row(one: Outcome, keys: list[str], now: float) -> list[object]:
    record, minutes = one.job.record, round(seconds(one, now) / 60, 2)
    epoch, score = one.best or (None, None)
    last = one.points[-1][1] if one.points else None
    values = [one.job.values[key] for key in keys]
    told = [record.state, one.epochs, minutes, record.attempts, one.note]
    return [one.job.name, *values, score, None if epoch is None else f"{epoch:g}", last, *told]


def write_table(sweep: Sweep, path: Path | None = None) -> Path:
    """Write the table into the sweep's folder, or as `path`; return where."""
    path = path or sweep.path / FILE
    write_atomic(path, csv_table(sweep))
    return path


def shown_table(sweep: Sweep, top: int | None = None) -> Table:
    """Return the table for a terminal, of all jobs or of those `top` with the best scores."""
    axes = parameters(sweep.plan)
    grid = Table(title_justify="left")
    for name in (*(axis.name for axis in axes), sweep.plan.monitor, *TOLD):
        justify: Literal["left", "right"] = "left" if name in ("state", "note") else "right"
        grid.add_column(name.replace(" ", "\n"), justify=justify)  # narrow: notes need the room
    for one in in_order(sweep) if top is None else sweep.ranked[:top]:
        values = (axis.shown(one.job.values[axis.key]) for axis in axes)
        grid.add_row(*values, *_told(one))
    return grid


def _told(one: Outcome) -> Iterator[str]:
    record = one.job.record
    yield f"{one.best[1]:.4g}" if one.best else ""
    yield f"{one.best[0]:g}" if one.best else ""
    yield f"{one.points[-1][1]:.4g}" if one.points else ""
    yield record.state
    yield str(one.epochs)
    yield f"{seconds(one, time.time()) / 60:.1f}"
    yield str(record.attempts)
    yield one.note
