"""Results put in order by the amount of noise: one series per predictor and dataset."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sem3d.report.layers.printed import ROWS, Row, printed_figures, reading_order, row_of
from sem3d.report.results import Dataset, Noise, Result

PRINTED: Final = f"printed: {ROWS[0].name}"
"""Name of the printed numerical solution, the only row that is printed at several levels."""

PRINTED_IN: Final = {"test": "1.1", "experimental": "2.1"}
"""Which printed table holds its mIoU, by kind of structures."""


@dataclass(frozen=True)
class Series:
    """One predictor on one dataset at several amounts of one kind of noise.

    Attributes:
        name: name of the predictor.
        row: its row in the printed tables, or one of ours.
        results: by amount of noise, rising.
    """

    name: str
    row: Row
    results: Mapping[float, Result]

    @property
    def label(self) -> str:
        """Row and predictor in one, ``"Numerical (tikhonov_naive)"``; equal names once."""
        return self.name if self.name == self.row.name else f"{self.row.name} ({self.name})"

    @property
    def dataset(self) -> Dataset:
        """The data of all its results."""
        return next(iter(self.results.values())).dataset


def series_of(results: Iterable[Result], structures: str, kind: str) -> tuple[Series, ...]:
    """Return the series of one kind of structures and of noise, in reading order.

    Args:
        results: all results.
        structures: ``"test"`` or ``"experimental"``.
        kind: ``"gaussian"`` or ``"poisson"``.
    """
    found: dict[tuple, dict[float, Result]] = {}
    for result in sorted(results, key=lambda r: (reading_order(r), r.dataset.label, r.noise)):
        if (result.structures, result.noise.kind) == (structures, kind):
            found.setdefault(_same(result), {})[result.noise.amount] = result
    firsts = [(next(iter(amounts.values())), amounts) for amounts in found.values()]
    return tuple(Series(one.predictor.name, row_of(one), amounts) for one, amounts in firsts)


def on_one_dataset(series: Sequence[Series]) -> tuple[Series, ...]:
    """Return those with two amounts or more on the dataset that most of them share."""
    several = [one for one in series if len(one.results) > 1]
    labels = Counter(one.dataset.label for one in several)
    return tuple(s for s in several if s.dataset.label == labels.most_common(1)[0][0])


def amounts(series: Iterable[Series]) -> list[float]:
    """Return every amount of noise of the series, rising."""
    return sorted({amount for one in series for amount in one.results})


def amount_label(kind: str, amount: float) -> str:
    """Return the head of a column: ``"0 %"`` or ``"1000 electrons"``."""
    return f"{100 * amount:g} %" if kind == "gaussian" else Noise(kind, amount).label


def printed_miou(structures: str, kind: str) -> dict[float, float]:
    """Return the printed mIoU of the numerical solution by amount of noise."""
    key = PRINTED_IN[structures], ROWS[0].name
    return {
        noise.amount: figures["mIOU"].value
        for (table, row, noise), figures in printed_figures().items()
        if (table, row) == key and noise.kind == kind
    }


def _same(result: Result) -> tuple:
    """What the results of one series share: data, predictor and seed."""
    who = result.predictor
    return result.dataset.label, who.name, who.checkpoint, result.provenance.get("seed")
