"""Result files as an evaluation writes them: the experimental structure with random errors."""

import json

import numpy as np
import pytest
import torch

from sem3d.geometry.core_shell import FILM, CoreShellNanocube, CoreShellNanowire
from sem3d.geometry.resolution import Resolution
from sem3d.metrics.body_scores import BodyScores, by_depth, by_sample
from sem3d.metrics.voxel_scores import VoxelScores

SIZE = 24
ENERGIES = [5.0, 15.0, 25.0, 35.0]


def truth():
    """(2, Y, X): gold pads of 5 to 15 nm below a pad of 150 nm aluminium, as in the lab."""
    maps = np.zeros((2, SIZE, SIZE), np.float32)
    maps[0, 4:12, 4:12], maps[0, 4:12, 12:20], maps[0, 12:20, 12:20] = 10, 15, 5
    maps[1, 8:16, 8:16] = 150
    return maps


def stacked(maps):
    """(16, Y, X) labels of (2, Y, X) maps at 10 nm, the substrate below z = 15."""
    gold, aluminium = np.floor((maps + 0.5) // 10)
    height = np.arange(16, 0, -1)[:, None, None]
    return np.where(height <= gold, 1, (height <= gold + aluminium) * 2).astype(np.uint8)


def scores(miou, **extra):
    """Scores that tell themselves apart: every name has its own offset below `miou`."""
    names = ("miou_report", "miou_pooled", "miou_present", "mrecall_report", "macc")
    by_class = [
        f"{name}/{metal}"
        for name in ("iou_report", "recall_report", "iou_pooled")
        for metal in ("none", "Au", "Al")
    ]
    return {name: miou - n / 1000 for n, name in enumerate((*names, *by_class))} | extra


def document(name, model, task, dataset, noise, samples, miou):
    thickness = {"mae_nm/Au": 0.25, "mae_nm/Al": 1.75} if task == "thickness" else {}
    experimental = dataset == "experimental"
    return {
        "schema": 1,
        "predictor": {
            "name": name,
            "kind": "checkpoint",
            "model": model,
            "task": task,
            "parameters": 1234,
            "checkpoint": "runs/best.ckpt",
            "epoch": 7,
            "step": 900,
            "trained_on": {"name": "layers", "checksum": "fedcba9876543210"},
        },
        "dataset": {
            "name": dataset,
            "split": "test",
            "checksum": "0123456789abcdef",
            "samples": samples,
            "energies_keV": ENERGIES,
            "classes": ["none", "Au", "Al"],
            "limits_nm": [15, 150],
            "height_nm": 10.0,
            "slices": 16,
        },
        "noise": noise,
        "scores": scores(miou, **thickness),
        "scores_transposed": scores(miou / 2) if experimental else None,
        "timing": {"seconds_per_sample": 0.03, "device": "cpu"},
        "provenance": {"sem3d": "0.1.0", "git": "abc1234", "torch": "2.13.0"},
    }


def examples(task, seed, count):
    rng = np.random.default_rng(seed)
    true = np.stack([np.roll(truth(), n, axis=-1) for n in range(count)])
    limits = np.array([15, 150], np.float32)[:, None, None]
    found = np.clip(true + rng.normal(size=true.shape) * limits / 50, 0, limits).astype(np.float32)
    arrays = {
        "index": np.arange(count),
        "scan": rng.uniform(0.49, 0.9, (count, len(ENERGIES), SIZE, SIZE)).astype(np.float32),
        "energies_keV": np.array(ENERGIES),
        "true_labels": np.stack([stacked(maps) for maps in true]),
        "predicted_labels": np.stack([stacked(maps) for maps in found]),
        "true_thickness_nm": true,
        "predicted_thickness_nm": found,
    }
    if task == "voxels":
        del arrays["predicted_thickness_nm"]
    else:
        arrays["uncertainty_nm"] = np.broadcast_to(limits / 50, found.shape).astype(np.float32)
        arrays["residual"] = rng.uniform(0.5, 1.5, found[:, 0].shape).astype(np.float32)
        arrays["ambiguity"] = rng.uniform(0, 1, found[:, 0].shape).astype(np.float32)
    return arrays


@pytest.fixture
def write(tmp_path):
    """Return a function that writes one result file and its examples."""

    def write_result(
        name, model, task="thickness", dataset="layers", level=0.02, miou=0.9, *, noise=None
    ):
        folder = tmp_path / "results" / name
        folder.mkdir(parents=True, exist_ok=True)
        noise = noise or {"kind": "gaussian", "level": level}
        path = folder / f"{dataset}-{len(list(folder.iterdir()))}.json"
        samples = 16 if dataset == "experimental" else 1000
        path.write_text(json.dumps(document(name, model, task, dataset, noise, samples, miou)))
        np.savez(path.with_suffix(".npz"), **examples(task, len(name), 3))
        return path

    return write_result


@pytest.fixture
def edit():
    """Return a function that changes one key of a result file's block."""

    def edit_json(path, block, key, value):
        content = json.loads(path.read_text())
        (content[block] if block else content)[key] = value
        path.write_text(json.dumps(content))

    return edit_json


WIRES = {"radii_nm": [2, 4, 6, 8, 10], "axis": "y", "corners": "Si"}
SMALL = {"widths_nm": [1, 2, 4], "depths_nm": [0, 8], "gaps_nm": [1, 3], "pair_width_nm": 5}
VOXELS = {
    "nanocube": (".core_shell.CoreShellNanocube", {}, CoreShellNanocube()),
    "nanowire": (".core_shell.CoreShellNanowire", WIRES, CoreShellNanowire()),
    "resolution": (".resolution.Resolution", SMALL, Resolution(**SMALL)),
    "voxels": (".inclusions.Inclusions", {"most_solids": 4}, None),
}
"""Geometry, its settings and its cases by data set."""


def voxel_truth(cases, samples):
    """Labels (N, 20, 20, 20): the cases in turn, or bars of growing width."""
    if cases:
        return np.stack([cases.case(n).labels for n in range(samples or 2 * len(cases.names))])
    labels = np.ones((samples or 5, *FILM.shape), np.uint8)
    for n, volume in enumerate(labels):
        volume[n : 2 * n + 3, 4:16, 4 : 6 + n] = 2
    return labels


def voxel_scores_of(truth, labels, probability):
    classes, index = FILM.classes, torch.arange(len(truth))
    found, true = torch.from_numpy(labels), torch.from_numpy(truth)
    voxels, body = VoxelScores(classes), BodyScores(classes, FILM.voxel_nm, FILM.slices)
    voxels.update(index, found, true)
    body.update(index, found, true, torch.from_numpy(probability))
    rows = body.table()
    scores = {"scores": voxels.compute() | body.compute(), "scores_transposed": None}
    return scores | {"samples": by_sample(rows), "depth_iou": by_depth(rows)}


@pytest.fixture
def write_voxels(tmp_path):
    """Return a function that writes one voxel result; `lost` of the copper is not found."""

    def write_result(name, model, dataset="voxels", lost=0.2, *, solver=False, dose=200, samples=0):
        geometry, settings, cases = VOXELS[dataset]
        truth = voxel_truth(cases, samples)
        chance = np.random.default_rng(3).random(truth.shape)
        sure = np.where((truth == 2) & (chance >= lost), 0.95, 0.05)
        probability = np.where((truth == 2) & (chance < lost), 0.45, sure).astype(np.float32)
        probability = np.where((truth == 1) & (chance < lost / 9), 0.65, probability)
        labels = np.where(probability > 0.5, 2, 1).astype(np.uint8)
        content = document(name, model, "voxels", dataset, {}, len(truth), 0)
        content["predictor"] |= {"kind": "solver" if solver else "checkpoint", "macs": 5 * 10**9}
        content["dataset"] |= {
            "kind": "voxels",
            "voxel_nm": [1.0, 1.0, 1.0],
            "limits_nm": [],
            "classes": list(FILM.classes),
            "height_nm": 1.0,
            "geometry": f"sem3d.geometry{geometry}",
            "cases": list(cases.names) if cases else [],
            "settings": settings,
        }
        content["noise"] = {"kind": "counts", "electrons": dose}
        content |= voxel_scores_of(truth, labels, probability)
        kept = len(cases.names) if cases else 4
        path = tmp_path / "results" / name / f"{dataset}-{dose}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        np.savez(
            path.with_suffix(".npz"),
            index=np.arange(kept),
            scan=np.zeros((kept, len(ENERGIES), 20, 20), np.float32),
            energies_keV=np.array(ENERGIES),
            true_labels=truth[:kept],
            predicted_labels=labels[:kept],
            probability=probability[:kept],
        )
        return path

    return write_result
