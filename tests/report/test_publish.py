from typing import Any

import numpy as np
import pytest

from sem3d.report.publish import SLICED, by_class, publish


class Run:
    """Keeps what would go to the dashboard."""

    def log(self, values: dict[str, Any]) -> None:
        self.values = values


@pytest.fixture
def result() -> dict[str, Any]:
    classes, limits = ["none", "Au", "Al"], [15, 150]
    data = {"kind": "layers", "classes": classes, "limits_nm": limits, "height_nm": 10.0}
    return {"scores": {"miou_report": 0.5, "macc": 0.75}, "dataset": data}


def examples(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "scan": rng.random((n, 6, 16, 16)).astype(np.float32),
        "energies_keV": np.linspace(5, 35, 6, dtype=np.float32),
        "true_labels": rng.integers(0, 3, (n, 16, 16, 16)).astype(np.uint8),
        "predicted_labels": rng.integers(0, 3, (n, 16, 16, 16)).astype(np.uint8),
        "true_thickness_nm": rng.random((n, 2, 16, 16)).astype(np.float32) * 15,
    }


@pytest.mark.filterwarnings("ignore")  # of wandb, about its own dependencies
@pytest.mark.parametrize("n", [1, SLICED + 2])
def test_scores_overview_and_slices_are_logged(result: dict[str, Any], n: int) -> None:
    run = Run()
    publish(run, result, examples(n))
    assert run.values.keys() == {"scores", "overview", "slices"}
    assert run.values["scores"].data == [["miou_report", 0.5], ["macc", 0.75]]
    for picture in ("overview", "slices"):
        pixels = np.asarray(run.values[picture].image)
        assert pixels.std() > 5
        assert min(pixels.shape[:2]) > 100


@pytest.mark.filterwarnings("ignore")
def test_classes_are_compared(result: dict[str, Any]) -> None:
    classes = result["dataset"]["classes"]
    scores = {f"iou_report/{label}": n / 4 for n, label in enumerate(classes)}
    run = Run()
    publish(run, result | {"scores": scores}, examples(1))
    assert run.values["classes"].data == [["none", 0.0], ["Au", 0.25], ["Al", 0.5]]
    assert run.values["iou"].table.columns == ["class", "iou_report"]


def test_only_scores_of_every_class_are_compared() -> None:
    scores = {"a/x": 1.0, "a/y": 2.0, "b/y": 3.0, "x": 4.0}
    assert by_class(scores, ["x", "y"]) == (["class", "a"], [["x", 1.0], ["y", 2.0]])
    assert by_class({"miou": 1.0}, ["x"]) == ([], [])


@pytest.mark.filterwarnings("ignore")
def test_predicted_thickness_is_shown_when_there_is_one(result: dict[str, Any]) -> None:
    run, plain = Run(), Run()
    shown = examples(1)
    publish(plain, result, shown)
    publish(run, result, shown | {"predicted_thickness_nm": shown["true_thickness_nm"]})
    overviews = [np.asarray(r.values["overview"].image) for r in (plain, run)]
    assert not np.array_equal(*overviews)


@pytest.mark.filterwarnings("ignore")
def test_voxels_are_shown_as_cuts_without_maps(result: dict[str, Any]) -> None:
    data = {"kind": "voxels", "classes": ["none", "Si", "Cu"], "voxel_nm": [1.0, 1.0, 1.0]}
    shown = examples(SLICED + 2)
    del shown["true_thickness_nm"]
    run = Run()
    publish(run, result | {"dataset": data}, shown)
    assert run.values.keys() == {"scores", "slices"}
    assert np.asarray(run.values["slices"].image).std() > 5
