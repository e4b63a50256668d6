"""Pictures and scores of one evaluation into a Weights & Biases run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sem3d.figures.overview import draw_overview
from sem3d.figures.slices import draw_slices
from sem3d.report.examples import thickness_of

SLICED = 3
"""Examples cut in the picture of slices."""


def publish(run: Any, result: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> None:
    """Log a table of all scores, an overview of the first example and cuts of several.

    Args:
        run: an open wandb run.
        result: what `sem3d.runtime.evaluation.evaluate` returns first.
        examples: what it returns second.
    """
    import wandb

    data = result["dataset"]
    kinds = {"truth": "true_labels", "prediction": "predicted_labels"}
    rows = {
        row: {f"sample {n}": labels for n, labels in enumerate(examples[name][:SLICED])}
        for row, name in kinds.items()
    }
    overview = draw_overview(
        examples["scan"][0].astype(float),
        examples["energies_keV"].astype(float),
        examples["true_thickness_nm"][0].astype(float),
        _thickness(data, examples),
        data["classes"][1:],
        data["limits_nm"],
    )
    scores = [[name, value] for name, value in result["scores"].items()]
    run.log(
        {
            "scores": wandb.Table(columns=["score", "value"], data=scores),
            "overview": wandb.Image(_pixels(overview)),
            "slices": wandb.Image(_pixels(draw_slices(rows, data["classes"], data["height_nm"]))),
        }
    )


def _pixels(figure: Figure) -> np.ndarray:
    """Draw a figure to (Y, X, 4) pixels; wandb itself would need pyplot for it."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def _thickness(data: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Predicted maps (L, Y, X) [nm] of the first example."""
    if "predicted_thickness_nm" in examples:
        return examples["predicted_thickness_nm"][0].astype(float)
    layers = len(data["classes"]) - 1
    return thickness_of(examples["predicted_labels"][0], layers, data["height_nm"])
