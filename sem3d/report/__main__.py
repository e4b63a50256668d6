"""Command: write the report of all result files, ``python -m sem3d.report``."""

import sys
from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command

HEADLINE = ("table_1_1", "table_2_1")
"""Tables also shown on the terminal: all classes together, on smooth and sharp structures."""


WIDTH = 130
"""Columns where the output is no terminal."""


def run(cfg: dict[str, Any]) -> None:
    """Write tables, figures and the page from the folders `results` and `runs` into `out`."""
    from rich.console import Console

    from sem3d.report.assemble import write_report
    from sem3d.report.terminal import show

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    page, tables = write_report(Path(cfg["results"]), Path(cfg["runs"]), Path(cfg["out"]))
    for table in tables:
        if table.stem in HEADLINE:
            show(table, console)
    print(page)


if __name__ == "__main__":
    command("report", run)
