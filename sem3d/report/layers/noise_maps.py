"""The picture of the noise study: every predictor's maps of one structure at rising noise."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from sem3d.figures.noise_study import draw_noise_study
from sem3d.report.layers.noise_series import Series, amount_label, on_one_dataset, series_of
from sem3d.report.layers.specimens import load_truth, load_views
from sem3d.report.pictures import Picture
from sem3d.report.results import Result

_MOST: Final = 6
"""Columns that stay readable."""


def noise_maps(results: Iterable[Result]) -> Picture:
    """Show the experimental structure as found at every level of Gaussian noise.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    stem, title = "noise_study_maps", "Noise study. Experimental structure at rising noise"
    series = on_one_dataset(series_of(results, "experimental", "gaussian"))
    if not series:
        missing = "Not drawn: no predictor was evaluated on it at two levels of noise or more."
        return Picture(stem, title, missing)
    levels = _levels(series)
    data = series[0].dataset
    index, truth = load_truth(series[0].results[min(series[0].results)])
    rows = {one.label: _maps(one, levels, index) for one in series}
    columns = [amount_label("gaussian", level) for level in levels]
    limits = tuple(map(float, data.limits_nm))
    figure = draw_noise_study(truth.thickness_nm, rows, columns, data.classes[1:], limits)
    caption = (
        "Found thickness; above each map its mean absolute error in nanometres. Networks that "
        "label voxels show thickness in steps of the voxel height. "
        f"One noise draw of {data.label}; scores over all draws stand in the table."
    )
    return Picture(stem, title, caption, figure)


def _levels(series: Sequence[Series]) -> list[float]:
    """Return the levels that most predictors share, rising."""
    uses = Counter(level for one in series for level in one.results)
    return sorted(level for level, _ in uses.most_common(_MOST))


def _maps(series: Series, levels: Sequence[float], index: int) -> dict[str, np.ndarray]:
    """Return the thickness of one specimen by column; a level without it is left out."""
    views = {
        level: load_views(series.results[level]) for level in levels if level in series.results
    }
    return {
        amount_label("gaussian", level): shown[index].thickness_nm
        for level, shown in views.items()
        if index in shown
    }
