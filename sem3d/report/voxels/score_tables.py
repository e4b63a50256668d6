"""Tables 1 and 2, time, and all scores of voxel results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.inventory import NOT_RUN
from sem3d.report.results import Result
from sem3d.report.voxels.printed import CUBES, on_test_sets, printed, reading_order

_WHO: Final = ("configuration", "predictor", "dataset", "dose", "samples")


def ablation_table(results: Iterable[Result]) -> Table:
    """Return table 1: mean relative error without the parts of the network."""
    scores = {"MRE": {"ours": "mre/{}", "ours, of probabilities": "mre_probability/{}"}}
    title = "Ablation, mean relative error of the copper"
    return _printed_table("1", title, scores, on_test_sets(results))


def size_table(results: Iterable[Result]) -> Table:
    """Return table 2: overlap, parameters and multiply-adds of the network's four sizes."""
    overlaps = {
        "ours (a)": "iou_present/{}",
        "ours (b)": "miou_materials",
        "ours (c)": "iou_pooled/{}",
    }
    scores = {"mIoU": overlaps, "parameters": {"ours": ""}, "MACs": {"ours": ""}}
    return _printed_table("2", "Sizes of the network", scores, on_test_sets(results))


def time_table(results: Iterable[Result]) -> Table:
    """Return the time per volume of every predictor, by its largest evaluation."""
    methods, figures, largest = printed(CUBES), printed("time").figures, {}
    for result in sorted(results, key=lambda r: (reading_order(r), r.dataset.samples)):
        largest[result.predictor.name, result.timing.get("device")] = result
    groups = [("s / volume", "printed"), ("s / volume", "ours")]
    columns = (*(("", n) for n in ("method", "predictor", "device", "samples")), *groups)
    lines = []
    for row in methods.rows_with(largest.values()):
        figure = figures.get((row, "s / volume"), Cell())
        mine = [r for r in largest.values() if methods.row_of(r) == row]
        for n, one in enumerate(mine or [None]):
            told = Cell(figure.value, 0, figure.note) if n == 0 else Cell()
            lines.append(Line("", (Cell(row.name), *_timed(one), told, _seconds(one))))
    return Table("voxels_time", "Time per volume", columns, tuple(lines))


_SCORES: Final = {
    "IoU (a)": "iou_present/{}",
    "IoU (b)": "miou_materials",
    "IoU (c)": "iou_pooled/{}",
    "best threshold": "oracle_iou/{}",
    "all copper": "filled/{}",
    "MRE": "mre/{}",
    "MRE of probabilities": "mre_probability/{}",
    "depth error [nm]": "depth_error_nm/{}",
    "surface distance [nm]": "surface_distance_nm/{}",
    "missed": "missed/{}",
}


def score_table(results: Iterable[Result]) -> Table:
    """Return every voxel result with every mean score."""
    columns = tuple(("", name) for name in (*_WHO[1:], *_SCORES))
    lines = []
    for result in sorted(results, key=reading_order):
        scores = [_score(result, name, 2 if "_nm" in name else 3) for name in _SCORES.values()]
        lines.append(Line("", (*_which(result), *scores)))
    return Table(
        "voxels_scores", "All voxel results, scores of the last material", columns, tuple(lines)
    )


def _printed_table(
    table: str, title: str, scores: Mapping[str, Mapping[str, str]], ours: Sequence[Result]
) -> Table:
    print_ = printed(table)
    groups = [(name, source) for name in scores for source in ("printed", *scores[name])]
    lines = []
    for row in print_.rows:
        mine = [r for r in ours if print_.row_of(r) == row]
        for n, one in enumerate(mine or [None]):
            cells: list[Cell] = []
            for name, sources in scores.items():
                cells.append(_whole(name, print_.figures[row, name]) if n == 0 else Cell())
                cells += [_found(one, name, score) for score in sources.values()]
            lines.append(Line("", (Cell(row.name), *_which(one), *cells)))
    columns = (*(("", name) for name in _WHO), *groups)
    return Table(f"voxels_table_{table}", f"Table {table}. {title}", columns, tuple(lines))


def _which(result: Result | None) -> tuple[Cell, ...]:
    if result is None:
        return Cell(NOT_RUN), Cell(), Cell(), Cell()
    data = result.dataset
    return (
        Cell(result.predictor.name),
        Cell(data.label),
        Cell(result.noise.label),
        Cell(data.samples),
    )


def _timed(result: Result | None) -> tuple[Cell, ...]:
    if result is None:
        return Cell(NOT_RUN), Cell(), Cell()
    device = result.timing.get("device")
    return Cell(result.predictor.name), Cell(device), Cell(result.dataset.samples)


def _seconds(result: Result | None) -> Cell:
    seconds = result.timing.get("seconds_per_sample") if result else None
    return Cell(seconds, 4)


def _found(result: Result | None, name: str, score: str) -> Cell:
    if result is None:
        return Cell()
    if score:
        return _score(result, score, 3)
    return Cell(result.predictor.parameters if name == "parameters" else result.predictor.macs)


def _whole(name: str, figure: Cell) -> Cell:
    """Show parameters and multiply-adds as whole numbers."""
    if name not in ("parameters", "MACs") or figure.value is None:
        return figure
    return Cell(int(float(figure.value)), note=figure.note)


def _score(result: Result, name: str, digits: int) -> Cell:
    return Cell(result.scores.get(name.format(result.dataset.classes[-1])), digits)
