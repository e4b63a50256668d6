"""The rows of truth and predictions that the pictures of volumes show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sem3d.figures.voxel_cuts import Volume
from sem3d.report.results import Result
from sem3d.report.voxels.case_tables import ORACLE, thresholds
from sem3d.report.voxels.examples import Example, read_volumes

MOST: Final = 8
"""Predictors that are shown."""

Rows = dict[str, dict[str, Volume]]


def comparable(results: Iterable[Result]) -> tuple[Result, ...]:
    """Return the results that share data and noise: the largest such group, then highest dose."""
    groups: dict[tuple, list[Result]] = {}
    for result in results:
        groups.setdefault((result.dataset.label, result.noise), []).append(result)
    best = max(groups, key=lambda key: (len(groups[key]), key[1], key[0]), default=None)
    return tuple(groups[best][:MOST]) if best else ()


def rows_of(results: Sequence[Result], count: int) -> Rows:
    """Return the truth and what every predictor found, with the IoU of each, by specimen.

    A solver stands twice: with the threshold that the truth calls best, and with its own.

    Args:
        results: predictors on the same data.
        count: samples to show, the first ones.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    rows: Rows = {"truth": {}}
    for result in results:
        held = {n: example for n, example in read_volumes(result).items() if n < count}
        for n, example in held.items():
            rows["truth"].setdefault(specimen_name(result, n), Volume(example.truth))
        several = len(thresholds(result)) > 1
        for threshold in thresholds(result):
            row = result.predictor.name + (f", {threshold} threshold" if several else "")
            rows[_unused(row, rows)] = _row(result, held, threshold)
    return rows


def specimen_name(result: Result, index: int) -> str:
    """Return the name of a sample: its case if it is one."""
    cases = result.dataset.cases
    return cases[index % len(cases)] if cases else f"sample {index}"


def _row(result: Result, held: Mapping[int, Example], threshold: str) -> dict[str, Volume]:
    graded = threshold == ORACLE
    scores = _by_index(result, "oracle_iou" if graded else "iou")
    chosen = _by_index(result, "oracle_threshold") if graded else {}
    return {
        specimen_name(result, n): _volume(example, scores.get(n), chosen.get(n))
        for n, example in held.items()
    }


def _volume(example: Example, iou: float | None, level: float | None) -> Volume:
    words = "" if iou is None else f"IoU {iou:.3f}"
    if level is None:
        return Volume(example.labels, words)
    return Volume(example.above(level), f"{words} above {level:g}")


def _by_index(result: Result, score: str) -> dict[int, float | None]:
    indices = (int(index or 0) for index in result.samples["index"])
    return dict(zip(indices, result.samples.get(score, ()), strict=False))


def _unused(name: str, rows: Rows) -> str:
    """Number equal names."""
    same = sum(row == name or row.startswith(f"{name} (") for row in rows)
    return f"{name} ({same + 1})" if same else name
