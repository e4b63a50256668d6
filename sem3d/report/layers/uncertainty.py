"""The picture of what a predictor says about its own errors."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sem3d.figures.uncertainty import Doubt, draw_uncertainty
from sem3d.report.layers.rows import described
from sem3d.report.layers.specimens import Comparison, Specimen, View
from sem3d.report.pictures import Picture

_ROUNDING_NM: Final = 0.5


def uncertainty(comparisons: Sequence[Comparison]) -> Picture:
    """Show one specimen per comparison, by the predictor that knows its own errors best."""
    stem, title = "uncertainty", "Found thickness, its errors and its uncertainty"
    truest = [(c, _truest(c.specimens[0])) for c in comparisons]
    shown = [(comparison, name) for comparison, name in truest if name]
    if not shown:
        missing = "Not drawn: no predictor that reports expected errors was evaluated yet."
        return Picture(stem, title, missing)
    doubts = {f"{c.specimens[0].label}, {name}": _doubt(c.specimens[0], name) for c, name in shown}
    data = comparisons[0].dataset
    figure = draw_uncertainty(doubts, data.classes[1:], tuple(map(float, data.limits_nm)))
    caption = (
        "By pixel: what was found, how far off it is, and the rms error that the predictor itself "
        "expects, on the same scale; of all predictors the one whose expectation is nearest to its "
        "errors. Residual: mean squared misfit over "
        "the energies, about 1 where the model explains the scan. Ambiguity: probability that "
        "another set of layers is present. The error is within twice the expected one, plus "
        f"{_ROUNDING_NM:g} nm as tables hold whole nanometres, in "
        f"{_covered(doubts)}. Data: {described(c for c, _ in shown)}."
    )
    return Picture(stem, title, caption, figure)


def _truest(specimen: Specimen) -> str | None:
    """Return the predictor whose errors are most nearly as large as it says, if any says."""
    telling = [n for n, v in specimen.predictions.items() if v.uncertainty_nm is not None]
    return min(telling, key=lambda name: _untruth(_doubt(specimen, name)), default=None)


def _untruth(doubt: Doubt) -> float:
    """Return |ln(rms error / rms reported)|, worst layer; infinite where either is 0."""
    error, reported = (
        np.sqrt(np.mean(np.square(maps), axis=(1, 2)))
        for maps in (doubt.error_nm, doubt.uncertainty_nm)
    )
    if not (error.all() and reported.all()):
        return float("inf")
    return float(np.abs(np.log(error / reported)).max())


def _doubt(specimen: Specimen, name: str) -> Doubt:
    view: View = specimen.predictions[name]
    assert view.uncertainty_nm is not None
    true = specimen.truth.thickness_nm
    return Doubt(true, view.thickness_nm, view.uncertainty_nm, view.residual, view.ambiguity)


def _covered(doubts: Mapping[str, Doubt]) -> str:
    """Say in how many pixels the error is within two reported deviations."""
    return " and ".join(f"{100 * _share(d):.0f} % of {name}" for name, d in doubts.items())


def _share(doubt: Doubt) -> float:
    return float(np.mean(doubt.error_nm <= 2 * doubt.uncertainty_nm + _ROUNDING_NM))
