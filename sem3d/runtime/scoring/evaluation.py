"""Score a predictor on a dataset at one noise level, and keep the result as files."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from sem3d.datamodule.scans import ScanDataModule
from sem3d.errors import InputError
from sem3d.metrics.body_scores import BodyScores, by_depth, by_sample
from sem3d.metrics.thickness_error import ThicknessError
from sem3d.metrics.voxel_scores import VoxelScores
from sem3d.runtime.build import TARGET, build
from sem3d.runtime.runs.provenance import provenance
from sem3d.simulate.dose import Dose, check_fits
from sem3d.simulate.noise import Noise
from sem3d.simulate.quirks import CORRECTED, ORIGINAL, ORIGINAL_FILES, Quirks
from sem3d.specimen import LayerStack, Reconstruction, VoxelBox
from sem3d.store.reader import ScanStore

SCHEMA: Final = 1

Predict = Callable[[Tensor], Reconstruction]
"""Scans (B, E, Y, X) in, reconstruction of the batch out."""


@dataclass(frozen=True)
class Predictor:
    """A way from scans to layers, on its device.

    Attributes:
        predict: the call.
        described: what result files say about it.
        device: where it expects the scans.
    """

    predict: Predict
    described: Mapping[str, Any]
    device: str = "cpu"


@dataclass
class Evaluation:
    """Scores of one predictor on one split, collected batch by batch.

    Args:
        store: the dataset.
        examples: how many samples to keep for pictures; of named cases each is kept once.
    """

    store: ScanStore
    examples: int
    kept: dict[str, list[np.ndarray]] = field(default_factory=dict)
    seconds: float = 0.0
    samples: int = 0

    def __post_init__(self) -> None:
        if self.examples < 1:
            raise InputError(f"examples is {self.examples}; keep at least 1 for the pictures")
        self.examples = max(self.examples, len(self.store.attributes.get("cases", ())))
        volume = self.store.volume
        self.upright, self.transposed = VoxelScores(volume.classes), VoxelScores(volume.classes)
        self.thickness = ThicknessError(volume.materials)
        self.body = _body_scores(volume)
        self.saw_square = False

    def add(self, batch: Mapping[str, Tensor], found: Reconstruction, seconds: float) -> None:
        """Add one batch, on the CPU."""
        index, truth = batch["index"], batch["labels"]
        self.upright.update(index, found.labels, truth)
        if self.body:
            self.body.update(index, found.labels, truth, found.probability)
        elif truth.shape[-1] == truth.shape[-2]:
            self.saw_square = True
            self.transposed.update(index, found.labels, truth.transpose(-1, -2).contiguous())
        if found.thickness_nm is not None:
            self.thickness.update(index, found.thickness_nm, batch["thickness_nm"])
        self._keep(batch, found)
        self.seconds += seconds
        self.samples += len(index)

    def _keep(self, batch: Mapping[str, Tensor], found: Reconstruction) -> None:
        arrays = {
            "index": batch["index"],
            "scan": batch["scan"],
            "true_labels": batch["labels"],
            "predicted_labels": found.labels,
        }
        optional = {
            "true_thickness_nm": batch.get("thickness_nm"),
            "probability": found.probability,
            "predicted_thickness_nm": found.thickness_nm,
            "uncertainty_nm": found.uncertainty_nm,
            "residual": found.residual,
            "ambiguity": found.ambiguity,
        }
        arrays |= {name: values for name, values in optional.items() if values is not None}
        missing = max(0, self.examples - self.samples)
        for name, values in arrays.items():
            self.kept.setdefault(name, []).extend(values[:missing].numpy())

    def result(self) -> dict[str, Any]:
        """Scores as plain numbers."""
        scores = self.upright.compute()
        if "predicted_thickness_nm" in self.kept:
            scores |= self.thickness.compute()
        single: dict[str, Any] = {}
        if self.body:
            scores |= self.body.compute()
            rows = self.body.table()
            single = {"samples": by_sample(rows), "depth_iou": by_depth(rows)}
        transposed = self.transposed.compute() if self.saw_square else None
        return {"scores": scores, "scores_transposed": transposed, **single}


def _body_scores(volume: LayerStack | VoxelBox) -> BodyScores | None:
    if not isinstance(volume, VoxelBox):
        return None
    return BodyScores(volume.classes, volume.voxel_nm, volume.slices)


def score(
    cfg: Mapping[str, Any],
    predictor: Predictor,
    split: str,
    *,
    batch_size: int = 8,
    examples: int = 4,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Score `predictor` on the configured dataset and evaluation noise; see `evaluate`.

    Args:
        cfg: the nodes ``dataset`` and ``noise``, and ``seed``.
        predictor: what to score.
        split: train, val or test.
        batch_size: scans per call.
        examples: samples to keep for pictures.
    """
    data = {"root": cfg["dataset"]["root"], "name": cfg["dataset"]["name"], "split": split}
    noise = build(cfg["noise"]["eval"], "noise.eval")
    with torch.inference_mode():
        return evaluate(
            predictor, data, noise, seed=cfg["seed"], batch_size=batch_size, examples=examples
        )


def identity(cfg: Mapping[str, Any], predictor: Predictor, split: str) -> dict[str, Any]:
    """Return the part of a result that decides its scores, before they are computed."""
    dataset = cfg["dataset"]
    store = ScanStore(dataset["root"])
    noise = build(cfg["noise"]["eval"], "noise.eval")
    noise = check_fits(noise, store.electrons, store.several, str(store.root))
    noise.deviation()  # refuses a range
    versions = {key: provenance()[key] for key in ("sem3d", "git")} | {"seed": cfg["seed"]}
    return {
        "schema": SCHEMA,
        "predictor": predictor.described,
        "dataset": {
            "name": dataset["name"],
            "split": split,
            "checksum": store.checksum,
        },
        "noise": noise.provenance,
        "provenance": versions,
    }


def evaluate(
    predictor: Predictor,
    data: Mapping[str, Any],
    noise: Noise | Dose,
    *,
    seed: int = 0,
    batch_size: int = 8,
    examples: int = 4,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Score `predictor` and return the result (plain) and example arrays.

    Args:
        predictor: the trained task or solver.
        data: ``root``, ``name`` and ``split`` of the dataset.
        noise: noise of the scans; a sample's draw depends on `seed` and its index alone.
        seed: noise seed.
        batch_size: scans per call.
        examples: samples to keep for pictures.

    Raises:
        InputError: the split is absent, the noise has no single level, or no example is kept.
    """
    from rich.console import Console
    from rich.progress import track

    module = ScanDataModule(data["root"], noise, noise, eval_batch_size=batch_size, seed=seed)
    split = data["split"]
    batches, transform = module.loader(split), module.transform(split)
    told_noise = transform.noise.provenance
    if not all(isinstance(v, str | int | float) for v in told_noise.values()):
        raise InputError("noise.eval draws its level from a range; score at one level at a time")
    scoring = Evaluation(module.store, examples)
    told, console = f"evaluate {data['name']}/{split}", Console(stderr=True)
    for gathered in track(batches, told, console=console, transient=True):
        batch = transform(gathered)
        started = time.perf_counter()
        found = _on_cpu(predictor.predict(batch["scan"].to(predictor.device)))
        scoring.add(batch, found, time.perf_counter() - started)
    store = module.store
    result = {
        "schema": SCHEMA,
        "predictor": dict(predictor.described),
        "dataset": _describe(store, data, scoring.samples),
        "noise": told_noise,
        **scoring.result(),
        "timing": {
            "seconds_per_sample": scoring.seconds / scoring.samples,
            "device": predictor.device,
        },
        "provenance": provenance() | {"seed": seed},
    }
    energies = np.asarray(store.beam.energies_keV, np.float32)
    return result, {k: np.stack(v) for k, v in scoring.kept.items()} | {"energies_keV": energies}


def _on_cpu(found: Reconstruction) -> Reconstruction:
    maps = (
        found.thickness_nm,
        found.uncertainty_nm,
        found.residual,
        found.ambiguity,
        found.probability,
    )
    return Reconstruction(found.labels.cpu(), *(m if m is None else m.float().cpu() for m in maps))


def _describe(store: ScanStore, data: Mapping[str, Any], samples: int) -> dict[str, Any]:
    volume = store.volume
    geometry = store.attributes["recipe"].get("geometry", {})
    if isinstance(volume, VoxelBox):
        own = {
            "kind": "voxels",
            "voxel_nm": list(volume.voxel_nm),
            "limits_nm": [],
            "cases": store.attributes.get("cases", []),
            "settings": {k: v for k, v in geometry.items() if k not in (TARGET, "box")},
        }
    else:
        own = {"kind": "layers", "limits_nm": list(volume.limits_nm)}
    return own | {
        "name": data["name"],
        "split": data["split"],
        "checksum": store.checksum,
        "samples": samples,
        "energies_keV": list(store.beam.energies_keV),
        "classes": list(volume.classes),
        "height_nm": volume.height_nm,
        "slices": volume.slices,
        "physics": physics(store.attributes["engine"]),
        "geometry": str(geometry.get(TARGET, "")),
    }


def headline(result: Mapping[str, Any]) -> str:
    """Return the scores of a result that say most, in words."""
    scores, data = result["scores"], result["dataset"]
    if data["kind"] == "layers":
        return f"mIoU {scores['miou_report']:.3f}, pooled {scores['miou_pooled']:.3f}"
    last = data["classes"][-1]
    mean, pooled = scores[f"iou_present/{last}"], scores[f"iou_pooled/{last}"]
    return f"IoU of {last} {mean:.3f} per volume, pooled {pooled:.3f}"


def physics(engine: Mapping[str, Any]) -> str:
    """Name the physics of a dataset: "original" is that of the report's printed tables."""
    quirks = engine.get("quirks")
    if quirks is None:
        return str(engine["engine"])
    named = {"original": ORIGINAL, "corrected": CORRECTED, "original_files": ORIGINAL_FILES}
    return next((name for name, preset in named.items() if Quirks(**quirks) == preset), "other")
