"""A table on the terminal: method, our data, and the printed figures beside ours."""

from rich.console import Console
from rich.table import Table as Grid

from sem3d.report.cells import Table

KEPT = ("method", "dataset", "noise", "printed", "ours")
"""Columns that fit a terminal; the page holds the rest."""


def show(table: Table, console: Console) -> None:
    """Print a table of the report; every score shows "printed" and "ours"."""
    grid = Grid(title=table.title, title_justify="left", caption_justify="left")
    kept = [n for n, (_, name) in enumerate(table.columns) if name in KEPT]
    for n in kept:
        group, name = table.columns[n]
        if group:
            grid.add_column(f"{group}\n{name}", justify="right")
        else:
            grid.add_column(name, no_wrap=True)
    for line in table.lines:
        grid.add_row(*(line.cells[n].text for n in kept))
    console.print(grid)
