"""Small tables of elements beside the code, each with its source in its first lines."""

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the lines of ``<name>.csv`` of this folder by column; lines with # tell its source."""
    text = files("sem3d.simulate.montecarlo").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
