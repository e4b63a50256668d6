"""Tables 3 and 4: IoU of the named cases by method, the print beside ours."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean, stdev
from typing import Final

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.inventory import NOT_RUN
from sem3d.report.results import Result
from sem3d.report.voxels.printed import CUBES, GEOMETRIES, Print, Row, of_geometry, printed

TITLES: Final = {
    CUBES: "Copper cube of 5 nm at four positions, IoU of the copper",
    "4": "Copper wires of five radii, IoU of the copper",
}
OWN: Final = "own"
ORACLE: Final = "best per sample"
"""How a threshold was chosen: by the predictor, or by the truth."""
_SCORES: Final = {OWN: "iou", ORACLE: "oracle_iou"}
_WHO: Final = ("method", "predictor", "threshold", "dataset", "dose", "draws")


def case_table(table: str, results: Iterable[Result]) -> Table:
    """Return table "3" or "4": mean and spread over the draws of every case, and over the cases."""
    ours, print_ = of_geometry(results, GEOMETRIES[table]), printed(table)
    names = print_.columns
    heads = [name.split(" ", 2)[2] for name in names]  # "position 1", "radius 2 nm"
    groups = [(head, source) for head in heads for source in ("printed", "ours", "spread")]
    columns = [*(("", name) for name in _WHO), *groups, ("mean", "printed"), ("mean", "ours")]
    lines = [line for row in print_.rows_with(ours) for line in _lines(print_, row, ours)]
    datasets = {result.dataset.label: result for result in ours}
    lines += [_reference(result, names) for result in datasets.values()]
    title = f"Table {table}. {TITLES[table]}"
    return Table(f"voxels_table_{table}", title, tuple(columns), tuple(lines))


def draws(result: Result, score: str, case: str) -> list[float]:
    """Return what the samples of one case have of a score."""
    cases, values = result.dataset.cases, result.samples.get(score, ())
    numbered = zip(result.samples["index"], values, strict=False)
    named = ((cases[int(n or 0) % len(cases)], v) for n, v in numbered if cases)
    return [value for name, value in named if name == case and value is not None]


def structure(result: Result) -> str:
    """Say which options of the printed geometry were taken."""
    settings = result.dataset.settings
    return ", ".join(f"{k} {settings[k]}" for k in ("axis", "corners") if k in settings)


def thresholds(result: Result) -> tuple[str, ...]:
    """Return the thresholds to show: solvers grade, and the print chose theirs by the truth."""
    graded = any(v is not None for v in result.samples.get(_SCORES[ORACLE], ()))
    return (ORACLE, OWN) if result.predictor.kind == "solver" and graded else (OWN,)


def _lines(print_: Print, row: Row, ours: Sequence[Result]) -> Iterator[Line]:
    mine = [(r, t) for r in ours if print_.row_of(r) == row for t in thresholds(r)]
    figures = [print_.figures.get((row, name), Cell()) for name in print_.columns]
    if not mine:
        who = (Cell(row.name), Cell(NOT_RUN), *(Cell() for _ in _WHO[2:]))
        yield _line(who, figures, [[] for _ in figures])
    for n, (result, threshold) in enumerate(mine):
        found = [draws(result, _SCORES[threshold], name) for name in print_.columns]
        who = _who(row, result, threshold, max(map(len, found)))
        yield _line(who, [Cell() for _ in figures] if n else figures, found)


def _who(row: Row, result: Result, threshold: str, count: int) -> tuple[Cell, ...]:
    words = (
        row.name,
        result.predictor.name,
        threshold,
        _data(result),
        result.noise.label,
        count,
    )
    return tuple(Cell(word) for word in words)


def _line(who: tuple[Cell, ...], figures: Sequence[Cell], found: Sequence[Sequence[float]]) -> Line:
    """Return a line: by case what is printed, mean and spread of ours; then the means of all."""
    cells = list(who)
    for figure, values in zip(figures, found, strict=True):
        mean, spread = fmean(values) if values else None, stdev(values) if values[1:] else None
        cells += [figure, Cell(mean), Cell(spread)]
    told = [float(figure.value) for figure in figures if figure.value is not None]
    printed_mean = fmean(told) if len(told) == len(figures) else None
    ours = fmean(map(fmean, found)) if all(found) else None
    return Line("", (*cells, Cell(printed_mean), Cell(ours)))


def _data(result: Result) -> str:
    """Return data and options of the structure in one."""
    return ", ".join(word for word in (result.dataset.label, structure(result)) if word)


def _reference(result: Result, names: Sequence[str]) -> Line:
    """Return the line of calling every voxel copper."""
    who = tuple(Cell(word) for word in ("all copper", "", "", _data(result), "", ""))
    found = [draws(result, "filled", name)[:1] for name in names]
    return _line(who, [Cell() for _ in names], found)
