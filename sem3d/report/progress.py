"""The pictures of curves: training (Figure 6) and stability against noise."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sem3d.figures.curves import Curve, draw_noise_stability, draw_training
from sem3d.report.pictures import Picture, of_structures
from sem3d.report.results import Result
from sem3d.report.specimens import Comparison


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


def stability(comparisons: Sequence[Comparison], results: Iterable[Result]) -> Picture:
    """Show mIoU on the experimental structure against Gaussian noise, one curve per predictor."""
    stem, title = "stability", "Stability against noise"
    comparison = of_structures(comparisons, "experimental")
    curves = _by_noise(comparison.dataset.label, results) if comparison else {}
    if comparison is None or not curves:
        missing = "Not drawn: no predictor was evaluated on the experimental structure at two "
        return Picture(stem, title, missing + "noise levels or more.")
    caption = f"mIoU in the right orientation ({comparison.dataset.label})."
    return Picture(stem, title, caption, draw_noise_stability(curves))


def _by_noise(dataset: str, results: Iterable[Result]) -> dict[str, np.ndarray]:
    """Return (noise [%], mIoU) of the predictors with two noise levels or more."""
    points: dict[str, dict[float, float]] = {}
    for result in results:
        if result.dataset.label == dataset and result.noise.kind == "gaussian":
            score = result.scores["miou_report"]
            points.setdefault(result.predictor.name, {})[100 * result.noise.amount] = score
    return {n: np.array(sorted(found.items())) for n, found in points.items() if len(found) > 1}
