"""The figures printed by Artemov et al., and which results of ours stand beside which."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from sem3d.report.results import Noise, Result

_MAPS = "2d layers thickness mapping"
_VOLUMES = "3d volumetric mask segmentation"
NETWORKS: Final = "networks not in Artemov et al."
SOLVERS: Final = "solvers not in Artemov et al."
"""Sections of the rows that have no printed counterpart."""


@dataclass(frozen=True)
class Row:
    """A table row: its printed name and section, and the model and task that fill it."""

    name: str
    section: str
    model: str
    task: str = "thickness"


ROWS: Final = (
    Row("Numerical", "solution with Tikhonov regularization", "tikhonov_naive"),
    Row("3Conv-to-2d", _MAPS, "conv3"),
    Row("UNet-to-2d", _MAPS, "unet"),
    Row("stacked_UNet-to-2d", _MAPS, "stacked_unet"),
    Row("UNet-to-3d", _VOLUMES, "unet_volume", "voxels"),
    Row("hybrid_UVNet", _VOLUMES, "uvnet", "voxels"),
)
"""Rows in printed order."""


@dataclass(frozen=True)
class Printed:
    """One printed figure and, where the print contradicts itself, what is wrong with it."""

    value: float
    note: str


def row_of(result: Result) -> Row:
    """Return the printed row a result belongs to, or a new row named after its model."""
    model = result.predictor.model or result.predictor.name
    for row in ROWS:
        if (row.model, row.task) == (model, result.predictor.task):
            return row
    section = SOLVERS if result.predictor.kind == "solver" else NETWORKS
    return Row(model, section, model, result.predictor.task)


def reading_order(result: Result) -> tuple[int, str, str, str]:
    """Return a sort key: printed rows first, as printed, then ours by section, model and name."""
    row = row_of(result)
    place = ROWS.index(row) if row in ROWS else len(ROWS)
    return place, row.section, row.model, result.predictor.name


@cache
def printed_figures() -> dict[tuple[str, str, Noise], dict[str, Printed]]:
    """Return the printed figures: by (table, row, noise), then by column name."""
    text = files("sem3d.report.layers").joinpath("artemov.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    figures: dict[tuple[str, str, Noise], dict[str, Printed]] = {}
    for line in csv.DictReader(lines):
        key = (line["table"], line["row"], Noise("gaussian", float(line["noise_level"])))
        figures.setdefault(key, {})[line["column"]] = Printed(float(line["value"]), line["note"])
    return figures
