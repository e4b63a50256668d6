"""The rows of truth and predictions that most figures show."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from sem3d.report.layers.specimens import Comparison, View

Shown = TypeVar("Shown")
Rows = dict[str, dict[str, Shown]]
"""What is drawn by row (truth, then predictors) and by specimen."""


def rows_of(
    comparisons: Iterable[Comparison],
    names: Collection[str],
    show: Callable[[View], Shown],
    specimens: int,
) -> Rows[Shown]:
    """Return the truth and the predictors called `names`, each on the same specimens."""
    rows: Rows[Shown] = {"truth": {}}
    for comparison in comparisons:
        for specimen in comparison.specimens[:specimens]:
            rows["truth"][specimen.label] = show(specimen.truth)
            for name, view in specimen.predictions.items():
                if name in names:
                    rows.setdefault(name, {})[specimen.label] = show(view)
    return rows


def of_structures(comparisons: Iterable[Comparison], structures: str) -> Comparison | None:
    """Return the comparison for one kind of structures, if there is one."""
    return next((c for c in comparisons if c.structures == structures), None)


def described(comparisons: Iterable[Comparison]) -> str:
    """Return which data and noise the comparisons show, for a caption."""
    return "; ".join(f"{c.dataset.label}, noise {c.noise.label}" for c in comparisons)
