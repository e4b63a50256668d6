"""A table as data: cells, lines and columns, and its csv form."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One table entry: a text, or a number with the digits to show, and a footnote."""

    value: str | int | float | None = None
    digits: int = 3
    note: str = ""

    @property
    def text(self) -> str:
        """The entry as shown: fractions without the leading zero, as printed."""
        if self.value is None:
            return ""
        if isinstance(self.value, float):
            shown = f"{self.value:.{self.digits}f}"
            return shown.removeprefix("0") if self.digits == 3 else shown
        return str(self.value)


@dataclass(frozen=True)
class Line:
    """One table row; `section` heads all neighbouring lines that share it."""

    section: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table ready to be written; columns are (group, name)."""

    stem: str
    title: str
    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The footnotes of its cells, each once, in reading order."""
        found = (cell.note for line in self.lines for cell in line.cells if cell.note)
        return tuple(dict.fromkeys(found))


def csv_text(table: Table) -> str:
    """Return the table as csv: full precision, the footnotes of a line in its last column."""
    names = [f"{group}: {name}" if group else name for group, name in table.columns]
    rows: list[Sequence[Any]] = [["section", *names, "notes"]]
    for line in table.lines:
        notes = dict.fromkeys(cell.note for cell in line.cells if cell.note)
        rows.append([line.section, *(cell.value for cell in line.cells), " ".join(notes)])
    return csv_lines(rows)


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as the text of a csv file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
