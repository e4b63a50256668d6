"""The pictures of curves: training (Figure 6) and stability against noise."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from sem3d.figures.curves import Curve, Panel, draw_noise_stability, draw_training
from sem3d.report.layers.noise_series import (
    PRINTED,
    Series,
    on_one_dataset,
    printed_miou,
    series_of,
)
from sem3d.report.pictures import Picture
from sem3d.report.results import Result

_STRUCTURES: Final = {"test": "test structures", "experimental": "experimental structure"}
_AMOUNTS: Final = {
    "gaussian": "noise [% of the signal]",
    "poisson": "dose [electrons per pixel and energy]",
}


def figure_6(runs: Mapping[str, Mapping[str, Curve]]) -> Picture:
    """Show the training curves of all runs."""
    stem, title = "figure_6", "Figure 6. Training of the networks"
    if not runs:
        missing = "Not drawn: no metrics.csv found; train a network with `python -m sem3d.train`."
        return Picture(stem, title, missing)
    caption = (
        "a) Training and validation loss; losses of different kinds (squared thickness error, "
        "cross-entropy) share no scale. b) Validation metrics, absent classes counted as right."
    )
    return Picture(stem, title, caption, draw_training(runs))


def stability(results: Iterable[Result]) -> Picture:
    """Show mIoU against Gaussian noise and against dose, one curve per predictor."""
    stem, title, results = "stability", "Stability against noise", tuple(results)
    found = {
        (kind, structures): on_one_dataset(series_of(results, structures, kind))
        for kind in _AMOUNTS
        for structures in _STRUCTURES
    }
    panels = [_panel(*key, series) for key, series in found.items() if series]
    if not panels:
        missing = "Not drawn: no predictor was evaluated at two amounts of noise or more."
        return Picture(stem, title, missing)
    shown = dict.fromkeys(one.dataset.label for series in found.values() for one in series)
    caption = f"mIoU in the right orientation ({'; '.join(shown)})."
    return Picture(stem, title, caption, draw_noise_stability(panels))


def _panel(kind: str, structures: str, series: Sequence[Series]) -> Panel:
    percent = 100 if kind == "gaussian" else 1
    curves = {
        one.label: {amount: r.scores["miou_report"] for amount, r in one.results.items()}
        for one in series
    }
    printed = {PRINTED: printed_miou(structures, kind)}
    return Panel(
        _STRUCTURES[structures],
        _AMOUNTS[kind],
        {name: _points(found, percent) for name, found in curves.items()},
        {name: _points(found, percent) for name, found in printed.items() if found},
        log=kind == "poisson",
    )


def _points(scores: Mapping[float, float], scale: int) -> Curve:
    return np.array([(scale * amount, score) for amount, score in sorted(scores.items())])
