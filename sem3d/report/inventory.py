"""The table of all results, whatever they were evaluated on."""

from collections.abc import Iterable

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.results import Result
from sem3d.report.tables import who


def all_results(results: Iterable[Result]) -> Table:
    """Return every result with every mean score, its cost and its origin."""
    scores = ("miou_report", "miou_pooled", "miou_present", "mrecall_report", "macc")
    names = ("predictor", "task", "dataset", "noise", "samples", *scores)
    origin = ("parameters", "epoch", "s / sample", "device", "sem3d", "commit")
    columns = [("", name) for name in (*names, *origin)]
    lines = [Line("", (*_identity(r), *_means(r, scores), *_origin(r))) for r in results]
    return Table("all_results", "All results", tuple(columns), tuple(lines))


def _identity(result: Result) -> tuple[Cell, ...]:
    name, dataset, noise, samples = who(result, result.noise)
    return name, Cell(result.predictor.task), dataset, noise, samples


def _means(result: Result, scores: Iterable[str]) -> tuple[Cell, ...]:
    return tuple(Cell(result.scores.get(score)) for score in scores)


def _origin(result: Result) -> tuple[Cell, ...]:
    who, made = result.predictor, result.provenance
    seconds = result.timing.get("seconds_per_sample")
    return (
        Cell(who.parameters),
        Cell(who.epoch),
        Cell(f"{seconds:.3g}" if seconds is not None else None),
        Cell(result.timing.get("device")),
        Cell(made.get("sem3d")),
        Cell(made.get("git")),
    )
