"""The figures printed by Zheng et al., and which results of ours stand beside which."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from sem3d.report.cells import Cell
from sem3d.report.results import Result

CUBES: Final = "3"
WIRES: Final = "4"
GEOMETRIES: Final = {CUBES: ".CoreShellNanocube", WIRES: ".CoreShellNanowire"}
"""How the names of the geometries end, by table."""
RANDOM: Final = ".Inclusions"
RESOLUTION: Final = ".Resolution"


@dataclass(frozen=True)
class Row:
    """A printed row and our network or solver that fills it."""

    name: str
    model: str


@dataclass(frozen=True)
class Print:
    """A printed table: its rows in order and its figures by row and column."""

    rows: tuple[Row, ...]
    figures: dict[tuple[Row, str], Cell]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(dict.fromkeys(column for _, column in self.figures))

    def row_of(self, result: Result) -> Row:
        """Return the row of a result, or a new one named after its model."""
        model = result.predictor.model or result.predictor.name
        return next((row for row in self.rows if row.model == model), Row(model, model))

    def rows_with(self, results: Iterable[Result]) -> tuple[Row, ...]:
        """Return the printed rows and then those of further results by model."""
        others = {self.row_of(r) for r in results} - {*self.rows}
        return (*self.rows, *sorted(others, key=lambda row: row.name))


@cache
def printed(table: str) -> Print:
    """Return the printed table called "1" to "4", or "time"."""
    text = files("sem3d.report.voxels").joinpath("zheng.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    figures = {
        (Row(line["row"], line["model"]), line["column"]): _cell(line["value"], line["note"])
        for line in csv.DictReader(lines)
        if line["table"] == table
    }
    return Print(tuple(dict.fromkeys(row for row, _ in figures)), figures)


def _cell(value: str, note: str) -> Cell:
    return Cell(float(value), max(3, len(value.partition(".")[2])), note)


def reading_order(result: Result) -> tuple[int, str, str, float]:
    """Return a sort key: printed methods first, as printed, then by model, name and dose."""
    row, rows = printed(CUBES).row_of(result), printed(CUBES).rows
    place = rows.index(row) if row in rows else len(rows)
    return place, row.model, result.predictor.name, result.noise.amount


def of_geometry(results: Iterable[Result], ending: str) -> tuple[Result, ...]:
    """Return the results on one geometry in reading order."""
    found = (r for r in results if r.dataset.geometry.endswith(ending))
    return tuple(sorted(found, key=reading_order))


def on_test_sets(results: Iterable[Result]) -> tuple[Result, ...]:
    """Return the results on test sets of random inclusions in reading order."""
    return tuple(r for r in of_geometry(results, RANDOM) if r.dataset.split == "test")
