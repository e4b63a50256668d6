"""A table on the terminal: method, our data, and the printed figures beside ours."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid

from sem3d.report.cells import Table

KEPT = ("method", "predictor", "threshold", "dataset", "noise", "dose", "printed", "ours")
"""Columns that fit a terminal; the page holds the rest."""

KEPT_GROUPS = ("mIoU",)
"""Groups of columns that do: a score against noise."""

WHOLE = "mean"
"""Group that stands for all others of its table, where there is one."""

WIDTH = 130
"""Columns where the output is no terminal."""


def show(table: Table, console: Console | None = None) -> None:
    """Print a table of the report; every score shows "printed" and "ours".

    Args:
        table: the table.
        console: where to print; None takes the standard output.
    """
    console = console or Console(width=None if sys.stdout.isatty() else WIDTH)
    grid = Grid(title=table.title, title_justify="left", caption_justify="left")
    kept = _kept(table.columns)
    for n in kept:
        group, name = table.columns[n]
        if group:
            grid.add_column(f"{group}\n{name}", justify="right")
        else:
            grid.add_column(name, no_wrap=name != "dataset")
    for line in table.lines:
        grid.add_row(*(line.cells[n].text for n in kept))
    console.print(grid)


def _kept(columns: Sequence[tuple[str, str]]) -> list[int]:
    whole = any(group == WHOLE for group, _ in columns)
    return [
        n
        for n, (group, name) in enumerate(columns)
        if (name in KEPT or group in KEPT_GROUPS) and (group in ("", WHOLE) or not whole)
    ]
