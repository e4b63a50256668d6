"""The pictures of curves: training (Figure 6) and stability against noise."""

from collections.abc import Iterable, Mapping

import numpy as np

from sem3d.figures.curves import Curve, draw_noise_stability, draw_training
from sem3d.report.pictures import Picture
from sem3d.report.results import Result


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
    """Show mIoU on the experimental structure against Gaussian noise, one curve per predictor."""
    stem, title = "stability", "Stability against noise"
    points: dict[str, list[tuple[float, float]]] = {}
    for result in results:
        if result.structures == "experimental" and result.noise.kind == "gaussian":
            point = (100 * result.noise.amount, result.scores["miou_report"])
            points.setdefault(result.predictor.name, []).append(point)
    curves = {name: np.array(sorted(found)) for name, found in points.items() if len(found) > 1}
    if not curves:
        missing = "Not drawn: no predictor was evaluated on the experimental structure at two "
        return Picture(stem, title, missing + "noise levels or more.")
    caption = "mIoU on the experimental structure, right orientation, at every noise evaluated."
    return Picture(stem, title, caption, draw_noise_stability(curves))
