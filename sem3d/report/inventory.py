"""The table of all results, whatever they were evaluated on."""

from collections.abc import Iterable
from typing import Final

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.results import Noise, Result

NOT_RUN: Final = "not run"

_IDENTITY: Final = ("predictor", "task", "dataset", "noise", "samples")
_SCORES: Final = {
    "mIOU": "miou_report",
    "mIoU pooled": "miou_pooled",
    "mIoU present": "miou_present",
    "mRecall": "mrecall_report",
    "mAccuracy": "macc",
}
_COST: Final = ("parameters", "epoch", "s / sample", "device")
_ORIGIN: Final = ("trained on", "sem3d", "commit", "checkpoint")


def all_results(results: Iterable[Result]) -> Table:
    """Return every result with its cost and its origin, layered ones with every mean score."""
    columns = tuple(("", name) for name in (*_IDENTITY, *_SCORES, *_COST, *_ORIGIN))
    lines = tuple(Line("", (*_identity(r), *_means(r), *_cost(r), *_origin(r))) for r in results)
    return Table("all_results", "All results", columns, lines)


def _identity(result: Result) -> tuple[Cell, ...]:
    name, dataset, noise, samples = who(result, result.noise)
    return name, Cell(result.predictor.task), dataset, noise, samples


def _means(result: Result) -> tuple[Cell, ...]:
    layers = result.dataset.kind == "layers"  # empty space, which voxels may lack, would count as 1
    return tuple(Cell(result.scores.get(s) if layers else None) for s in _SCORES.values())


def _cost(result: Result) -> tuple[Cell, ...]:
    seconds = result.timing.get("seconds_per_sample")
    return (
        Cell(result.predictor.parameters),
        Cell(result.predictor.epoch),
        Cell(f"{seconds:.3g}" if seconds is not None else None),
        Cell(result.timing.get("device")),
    )


def _origin(result: Result) -> tuple[Cell, ...]:
    data = result.predictor.trained_on
    return (
        Cell(f"{data.get('name')} {str(data.get('checksum'))[:8]}" if data else None),
        Cell(result.provenance.get("sem3d")),
        Cell(result.provenance.get("git")),
        Cell(result.predictor.checkpoint),
    )


def who(result: Result | None, noise: Noise) -> tuple[Cell, ...]:
    """Return the cells predictor, dataset, noise and samples, or that nothing was run."""
    if result is None:
        return Cell(NOT_RUN), Cell(), Cell(noise.label), Cell()
    name, data = result.predictor.name, result.dataset
    return Cell(name), Cell(data.label), Cell(noise.label), Cell(data.samples)
