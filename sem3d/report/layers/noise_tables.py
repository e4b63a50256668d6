"""Tables of scores against noise: predictors down, amounts of noise across."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.inventory import NOT_RUN
from sem3d.report.layers.noise_series import (
    PRINTED,
    PRINTED_IN,
    Series,
    amount_label,
    amounts,
    printed_miou,
    series_of,
)
from sem3d.report.results import Result

_SECTIONS: Final = {"test": "Test structures", "experimental": "Experimental structure"}
_SCORES: Final = {"mIoU": "miou_report", "MAE Au [nm]": "mae_nm/Au", "MAE Al [nm]": "mae_nm/Al"}
_WHO: Final = ("method", "dataset", "samples")


def noise_study(results: Iterable[Result]) -> Table:
    """Return mIoU and thickness errors against the level of Gaussian noise."""
    return _study("noise_study", "Noise study. Gaussian noise", "gaussian", tuple(results))


def dose_study(results: Iterable[Result]) -> Table:
    """Return mIoU and thickness errors against the electrons per pixel and energy."""
    return _study("dose_study", "Dose study. Counting noise", "poisson", tuple(results))


def _study(stem: str, title: str, kind: str, results: Sequence[Result]) -> Table:
    found = {name: series_of(results, name, kind) for name in _SECTIONS}
    printed = {name: printed_miou(name, kind) for name in _SECTIONS}
    ours = amounts(one for series in found.values() for one in series)
    levels = sorted({*ours, *(level for figures in printed.values() for level in figures)})
    lines = [
        Line(heading, cells)
        for name, heading in _SECTIONS.items()
        for cells in (
            *_printed(name, printed[name], levels),
            *(_cells(s, levels) for s in found[name]),
        )
    ]
    scores = [(score, amount_label(kind, level)) for score in _SCORES for level in levels]
    columns = (*(("", name) for name in _WHO), *scores)
    missing = Line("", (Cell(NOT_RUN), *(Cell() for _ in columns[1:])))
    return Table(stem, title, columns, tuple(lines or [missing]))


def _printed(
    structures: str, figures: Mapping[float, float], levels: Sequence[float]
) -> list[tuple[Cell, ...]]:
    """Return the printed row, if this kind of noise was printed at all."""
    if not figures:
        return []
    shown = [Cell(figures.get(level)) for level in levels]
    blank = [Cell() for _ in range((len(_SCORES) - 1) * len(levels))]
    where = Cell(f"Artemov et al., Table {PRINTED_IN[structures]}")
    return [(Cell(PRINTED), where, Cell(), *shown, *blank)]


def _cells(series: Series, levels: Sequence[float]) -> tuple[Cell, ...]:
    data = series.dataset
    cells = [Cell(series.label), Cell(data.label), Cell(data.samples)]
    for score in _SCORES.values():
        digits = 2 if score.startswith("mae") else 3
        for level in levels:
            result = series.results.get(level)
            cells.append(Cell(result.scores.get(score) if result else None, digits))
    return tuple(cells)
