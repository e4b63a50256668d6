"""Tables in the shape of Artemov et al.: printed figures beside ours."""

from collections.abc import Iterable, Iterator, Mapping

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.inventory import who
from sem3d.report.layers.layouts import Layout
from sem3d.report.layers.printed import ROWS, Printed, Row, printed_figures, reading_order, row_of
from sem3d.report.results import REFERENCE_NOISE, Noise, Result


def build_table(layout: Layout, results: Iterable[Result]) -> Table:
    """Return one table: every printed row, then rows that only we have."""
    ours = sorted((r for r in results if r.structures == layout.structures), key=reading_order)
    rows = list(layout.rows)
    if layout.rows == ROWS:
        rows += dict.fromkeys(row_of(r) for r in ours if row_of(r) not in ROWS)
    lines = [line for row in rows for line in _row_lines(layout, row, ours)]
    stem = f"table_{layout.number.replace('.', '_')}"
    return Table(stem, f"Table {layout.number}. {layout.title}", _columns(layout), tuple(lines))


def _columns(layout: Layout) -> tuple[tuple[str, str], ...]:
    sources = ("printed", "ours", *(("transposed",) if layout.transposed else ()))
    labels = [("", name) for name in ("method", "predictor", "dataset", "noise", "samples")]
    compared = [(score, source) for score in layout.scores for source in sources]
    return (*labels, *compared, *(("ours also", name) for name in layout.extra))


def _row_lines(layout: Layout, row: Row, ours: Iterable[Result]) -> Iterator[Line]:
    """Pair printed and own figures of equal noise; nothing else shares a line."""
    printed = {
        noise: figures
        for (number, name, noise), figures in printed_figures().items()
        if (number, name) == (layout.printed_in, row.name)
    }
    found: dict[Noise, list[Result | None]] = {noise: [] for noise in printed}
    for result in ours:
        if row_of(result) == row:
            found.setdefault(result.noise, []).append(result)
    for noise in _shown(layout, found, printed):
        for n, one in enumerate(found[noise] or [None]):
            figures = printed.get(noise, {}) if n == 0 else {}
            yield Line(row.section, _cells(layout, row, noise, figures, one))


def _shown(
    layout: Layout, found: Mapping[Noise, list[Result | None]], printed: Mapping[Noise, object]
) -> list[Noise]:
    """Return which noise gets a line: that of the print where we ran it, else whatever we ran.

    The noise study shows the rest, but a row that is all about noise shows everything.
    """
    comparable = [noise for noise in found if noise in (printed or {REFERENCE_NOISE: None})]
    if layout.rows == ROWS and any(any(found[noise]) for noise in comparable):
        return sorted(comparable)
    return sorted(found)


def _cells(
    layout: Layout,
    row: Row,
    noise: Noise,
    printed: Mapping[str, Printed],
    result: Result | None,
) -> tuple[Cell, ...]:
    cells = [Cell(row.name), *who(result, noise)]
    for column, score in layout.scores.items():
        figure = printed.get(column)
        cells.append(Cell(figure.value, note=figure.note) if figure else Cell())
        cells.append(Cell(result.scores.get(score) if result else None))
        if layout.transposed:
            cells.append(Cell(result.scores_transposed.get(score) if result else None))
    for score in layout.extra.values():
        digits = 2 if score.startswith("mae") else 3
        cells.append(Cell(result.scores.get(score) if result else None, digits))
    return tuple(cells)
