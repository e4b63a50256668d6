"""Pictures and scores of one evaluation into a Weights & Biases run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sem3d.figures.overview import draw_overview
from sem3d.figures.slices import draw_slices
from sem3d.figures.voxel_cuts import Volume, draw_cuts
from sem3d.report.layers.examples import thickness_of

SLICED = 3
"""Examples cut in the picture of slices."""

_LABELS = {"truth": "true_labels", "prediction": "predicted_labels"}
"""Arrays by row of the picture of slices."""


def publish_network(cfg: Mapping[str, Any], checkpoint: Path, run: Any) -> None:
    """Log the work of a training's best network on validation samples.

    Args:
        cfg: configuration of the training.
        checkpoint: the network.
        run: an open wandb run.
    """
    from sem3d.runtime.scoring.evaluation import score
    from sem3d.runtime.scoring.predictors import find_device, load_network

    network = load_network(cfg, checkpoint, device=find_device("auto"))
    publish(run, *score(cfg, network, "val"))


def publish(run: Any, result: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> None:
    """Log scores, also by class, and cuts of several examples; of layers one also as maps.

    Args:
        run: an open wandb run.
        result: what `sem3d.runtime.scoring.evaluation.evaluate` returns first.
        examples: what it returns second.
    """
    import wandb

    drawn = _voxels if result["dataset"]["kind"] == "voxels" else _layers
    figures = drawn(result["dataset"], examples)
    scores = [[name, value] for name, value in result["scores"].items()]
    shown = {name: wandb.Image(_pixels(figure)) for name, figure in figures.items()}
    shown["scores"] = wandb.Table(columns=["score", "value"], data=scores)
    columns, rows = by_class(result["scores"], result["dataset"]["classes"])
    if rows:
        classes = wandb.Table(columns=columns, data=rows)
        shown["classes"] = classes
        shown["iou"] = wandb.plot.bar(classes, "class", columns[1], title=f"{columns[1]} by class")
    run.log(shown)


def by_class(
    scores: Mapping[str, float], classes: Sequence[str]
) -> tuple[list[str], list[list[Any]]]:
    """Turn scores ``<name>/<class>`` into a table: its columns, and a row per class.

    A score counts when every class has it.
    """
    names = dict.fromkeys(key.rpartition("/")[0] for key in scores)
    whole = [n for n in names if all(f"{n}/{label}" in scores for label in classes)]
    if not whole:
        return [], []
    rows = [[label, *(scores[f"{n}/{label}"] for n in whole)] for label in classes]
    return ["class", *whole], rows


def _layers(data: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> dict[str, Figure]:
    overview = draw_overview(
        examples["scan"][0].astype(float),
        examples["energies_keV"].astype(float),
        examples["true_thickness_nm"][0].astype(float),
        _thickness(data, examples),
        data["classes"][1:],
        data["limits_nm"],
    )
    rows = {
        row: {f"sample {n}": labels for n, labels in enumerate(examples[name][:SLICED])}
        for row, name in _LABELS.items()
    }
    return {"overview": overview, "slices": draw_slices(rows, data["classes"], data["height_nm"])}


def _voxels(data: Mapping[str, Any], examples: Mapping[str, np.ndarray]) -> dict[str, Figure]:
    rows = {
        row: {f"sample {n}": Volume(labels) for n, labels in enumerate(examples[name][:SLICED])}
        for row, name in _LABELS.items()
    }
    return {"slices": draw_cuts(rows, data["classes"], data["voxel_nm"])}


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
