"""Command: write the report of all result files, ``python -m sem3d.report``."""

from pathlib import Path
from typing import Any

from sem3d.runtime.cli import command


def run(cfg: dict[str, Any]) -> None:
    """Write tables, figures and the page from the folders `results` and `runs` into `out`."""
    from sem3d.report.assemble import write_report

    print(write_report(Path(cfg["results"]), Path(cfg["runs"]), Path(cfg["out"])))


if __name__ == "__main__":
    command("report", run)
