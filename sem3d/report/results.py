"""The nouns of a report: who was evaluated, on what, with which noise, scoring what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LAYERED: Final = ("none", "Au", "Al")
"""Classes of the structures that Artemov et al. tabulate."""

Numbers = tuple[float | None, ...]
"""Numbers in order; None where there is none."""


@dataclass(frozen=True, order=True)
class Noise:
    """Noise of the scans: its kind and amount (relative level, or electrons per pixel).

    Kinds are "gaussian", "poisson" and "counts", the counting noise that a dataset comes with.
    """

    kind: str
    amount: float

    @property
    def label(self) -> str:
        """The noise in words, ``"2 %"``, ``"none"`` or ``"1000 electrons"``."""
        if self.kind != "gaussian":
            return f"{self.amount:g} electrons"
        return f"{100 * self.amount:g} %" if self.amount else "none"


REFERENCE_NOISE: Final = Noise("gaussian", 0.02)
"""The noise of the printed tables, where nothing else is said."""


@dataclass(frozen=True)
class Predictor:
    """The network or solver that was evaluated.

    Attributes:
        kind: ``"checkpoint"`` or ``"solver"``.
        macs: multiply-adds of a network per volume.
        trained_on: a network's training data.
    """

    name: str
    model: str | None
    task: str
    kind: str = "checkpoint"
    parameters: int | None = None
    macs: int | None = None
    epoch: int | None = None
    checkpoint: str | None = None
    trained_on: dict | None = None


@dataclass(frozen=True)
class Dataset:
    """The samples it was evaluated on.

    Attributes:
        classes: names by label, the first is empty space.
        kind: ``"layers"`` or ``"voxels"``.
        voxel_nm: voxel size (dz, dy, dx) of voxel specimens [nm].
        cases: names of the specimens where they are a list of cases: sample i is case i, and after
            the last the list starts again.
        settings: settings of the geometry of voxel specimens.
    """

    name: str
    split: str
    checksum: str
    samples: int
    classes: tuple[str, ...]
    limits_nm: tuple[int | float, ...]
    height_nm: int | float
    physics: str = "original"
    geometry: str = ""
    kind: str = "layers"
    voxel_nm: tuple[int | float, ...] = ()
    cases: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name, split and the first digits of the checksum: different data, different label."""
        return f"{self.name}/{self.split} {self.checksum[:8]}"


@dataclass(frozen=True)
class Result:
    """One evaluation of one predictor on one dataset with one noise.

    Attributes:
        path: the json file; the example arrays lie beside it with the suffix ``.npz``.
        scores: flat names such as ``"miou_report"`` or ``"recall_report/Au"``.
        scores_transposed: the same against the transposed truth, or empty.
        timing: ``seconds_per_sample`` and ``device``.
        provenance: versions and commit of the evaluation.
        samples: of voxel specimens numbers sample by sample, see `sem3d.metrics.body_scores`.
        depth_iou: of voxel specimens the IoU of the last material by slice from the top.
    """

    path: Path
    predictor: Predictor
    dataset: Dataset
    noise: Noise
    scores: Mapping[str, float]
    scores_transposed: Mapping[str, float]
    timing: Mapping[str, Any]
    provenance: Mapping[str, Any]
    samples: Mapping[str, Numbers] = field(default_factory=dict)
    depth_iou: Numbers = ()

    @property
    def structures(self) -> str | None:
        """Which tables it belongs to: ``"test"``, ``"experimental"`` or None for neither."""
        data = self.dataset
        if data.kind != "layers" or data.classes != LAYERED or data.physics != "original":
            return None  # the printed figures rest on the original physics
        if data.geometry.endswith(".Experimental") or data.name == "experimental":
            return "experimental"
        return "test" if self.dataset.split == "test" else None
