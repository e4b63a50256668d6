"""Training curves as the runs logged them."""

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sem3d.figures.curves import Curve
from sem3d.runtime.runs.logged import scan


def load_runs(folder: Path) -> dict[str, dict[str, Curve]]:
    """Return the curves of every ``metrics.csv`` below `folder`, by run path and logged name."""
    runs = {}
    for path in sorted(folder.rglob("metrics.csv")):
        name = path.parent.relative_to(folder).as_posix()
        runs[folder.name if name == "." else name] = read_curves(path)
    return runs


Runs = Mapping[str, Mapping[str, Curve]]
"""Curves by run path and logged name."""

_SCORE: Final = "val/score"
_LAYERED: Final = "val/miou_report"


def layered_runs(runs: Runs) -> dict[str, Mapping[str, Curve]]:
    """Return the runs on layers: those whose headline score is the report's mIoU, or none."""
    return {name: run for name, run in runs.items() if not is_voxel_run(run)}


def voxel_runs(runs: Runs) -> dict[str, Mapping[str, Curve]]:
    """Return the runs on voxels: those whose headline score is another; `DataSpec.headline`."""
    return {name: run for name, run in runs.items() if is_voxel_run(run)}


def is_voxel_run(run: Mapping[str, Curve]) -> bool:
    """Say whether the headline score of a run differs from the mIoU of layered specimens."""
    if _SCORE not in run or _LAYERED not in run:
        return False
    return not np.array_equal(run[_SCORE], run[_LAYERED])


def read_curves(path: Path) -> dict[str, Curve]:
    """Read one ``metrics.csv`` into curves (N, 2) of epoch and value.

    A resumed run repeats steps; the last row of a step counts. Rows that are not finite (a run
    that diverged) are left out, and so are damaged lines, with a warning: one run must not cost the
    report of all.
    """
    logged, damaged = scan(path)
    if damaged:
        warnings.warn(
            f"{path} has damaged lines: {len(damaged)}; its curves are drawn without them",
            stacklevel=2,
        )
    points: dict[str, list[tuple[float, float]]] = {}
    for (_, name), point in sorted(logged.items()):
        if math.isfinite(point[1]):
            points.setdefault(name, []).append(point)
    return {name: np.array(values) for name, values in points.items()}
