"""Command: write the report of all result files, ``python -m sem3d.report``."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command

HEADLINE = ("table_1_1", "table_2_1", "voxels_table_3", "voxels_table_4")
"""Tables also shown on the terminal: smooth and sharp layers, cubes and wires."""


def run(cfg: dict[str, Any]) -> None:
    """Write tables, figures and the page from the folders `results` and `runs` into `out`."""
    from sem3d.report.assemble import write_report
    from sem3d.report.terminal import show

    page, tables = write_report(Path(cfg["results"]), Path(cfg["runs"]), Path(cfg["out"]))
    for table in tables:
        if table.stem in HEADLINE:
            show(table)
    print(page)


if __name__ == "__main__":
    command("report", run)
