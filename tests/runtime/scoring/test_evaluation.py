import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sem3d.datamodule.scans import ScanDataModule
from sem3d.errors import InputError
from sem3d.geometry.core_shell import CoreShellNanowire
from sem3d.geometry.voxelise import voxelise
from sem3d.metrics.voxel_scores import VoxelScores
from sem3d.runtime.scoring import evaluation, result_file
from sem3d.runtime.scoring.evaluation import Predictor, evaluate, identity
from sem3d.runtime.scoring.evaluation import score as score_configured
from sem3d.runtime.scoring.predictors import find_device, load_network
from sem3d.runtime.scoring.result_file import result_path, save
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.runtime.trainer.training import data_spec
from sem3d.simulate import quirks as sem3d_quirks
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.dose import Dose
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.simulate.noise import GaussianNoise, Noise, PoissonNoise
from sem3d.specimen import Beam, Reconstruction
from sem3d.store.reader import ScanStore
from sem3d.store.schema import Recipe
from tests.conftest import small_recipe, write_store

Result = tuple[dict[str, Any], dict[str, np.ndarray]]

SILENT = GaussianNoise(0.0)
PREDICTOR = {"name": "oracle", "kind": "solver"}


class Oracle:
    """Knows the truth of the samples in their stored order; may see it transposed."""

    def __init__(self, store: ScanStore, thickness: bool = False, transposed: bool = False) -> None:
        maps = torch.from_numpy(store.read("test", "thickness_nm", 0, store.count("test"))).float()
        self.maps = maps.mT.contiguous() if transposed else maps
        self.thickness, self.seen = thickness, 0

    def __call__(self, scan: Tensor) -> Reconstruction:
        maps = self.maps[self.seen : self.seen + len(scan)]
        self.seen += len(scan)
        return Reconstruction(voxelise(maps), maps if self.thickness else None)


def guess(scan: Tensor) -> Reconstruction:
    """Labels by brightness: wrong, but each sample's own."""
    gold = (scan[:, :1] > 0.6).expand(-1, 16, -1, -1)
    return Reconstruction(gold.to(torch.uint8))


def score(store: ScanStore, predict: Any, noise: Noise | Dose = SILENT, **more: Any) -> Result:
    data = {"root": store.root, "name": "small", "split": more.pop("split", "test")}
    return evaluate(Predictor(predict, PREDICTOR), data, noise, **more)


def test_the_truth_scores_one(store: ScanStore) -> None:
    scores = score(store, Oracle(store))[0]["scores"]
    assert set(scores.values()) == {1.0}
    assert {"miou_report", "miou_pooled", "miou_present", "macc", "iou_report/Au"} <= scores.keys()


def test_true_thickness_has_no_error(store: ScanStore) -> None:
    scores = score(store, Oracle(store, thickness=True))[0]["scores"]
    assert scores["mae_nm/Au"] == scores["rmse_nm/Al"] == scores["mae_present_nm/Al"] == 0


def test_empty_predictions_score_what_counting_by_hand_gives(store: ScanStore) -> None:
    def nothing(scan: Tensor) -> Reconstruction:
        return Reconstruction(torch.zeros(len(scan), 16, 16, 16, dtype=torch.uint8))

    scores = score(store, nothing)[0]["scores"]
    labels = store.read("test", "labels", 0, 5)
    assert scores["iou_pooled/none"] == pytest.approx((labels == 0).mean())
    assert scores["iou_pooled/Au"] == scores["iou_pooled/Al"] == 0


def test_transposed_scores_are_those_against_the_transposed_truth(store: ScanStore) -> None:
    found = score(store, guess)[0]
    expected = VoxelScores(store.stack.classes)
    scan = torch.from_numpy(store.read("test", "scan", 0, 5))
    truth = torch.from_numpy(store.read("test", "labels", 0, 5)).mT.contiguous()
    expected.update(torch.arange(5), guess(scan).labels, truth)
    assert found["scores_transposed"] == expected.compute()
    assert found["scores_transposed"] != found["scores"]


def test_a_transposed_oracle_is_right_in_the_transposed_scores_only(store: ScanStore) -> None:
    found = score(store, Oracle(store, transposed=True))[0]
    assert found["scores_transposed"]["miou_report"] == 1
    assert found["scores"]["miou_report"] < 1


@pytest.mark.parametrize("noise", [GaussianNoise(0.05), PoissonNoise(400)], ids=str)
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_scores_do_not_depend_on_the_batch_size(
    store: ScanStore, noise: Noise, batch_size: int
) -> None:
    (ours, pictures), (theirs, others) = (
        score(store, guess, noise, batch_size=n) for n in (batch_size, 3)
    )
    for key in ("scores", "scores_transposed", "dataset", "noise"):
        assert ours[key] == theirs[key]
    for name, array in pictures.items():
        np.testing.assert_array_equal(array, others[name])


def test_the_seed_decides_the_noise(store: ScanStore) -> None:
    first, again, other = (
        score(store, guess, GaussianNoise(0.02), seed=seed)[1]["scan"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    silent = store.read("test", "scan", 0, 4)
    assert (first / silent - 1).std() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(("wanted", "kept"), [(1, 1), (4, 4), (50, 5)])
def test_examples_are_the_first_samples(store: ScanStore, wanted: int, kept: int) -> None:
    _, examples = score(store, Oracle(store, thickness=True), examples=wanted, batch_size=2)
    assert examples["index"].tolist() == list(range(kept))
    np.testing.assert_array_equal(examples["scan"], store.read("test", "scan", 0, kept))
    truth = store.read("test", "labels", 0, kept)
    np.testing.assert_array_equal(examples["true_labels"], truth)
    np.testing.assert_array_equal(examples["predicted_labels"], truth)
    maps = store.read("test", "thickness_nm", 0, kept)
    np.testing.assert_array_equal(examples["true_thickness_nm"], maps)
    np.testing.assert_array_equal(examples["predicted_thickness_nm"], maps)


def test_result_says_what_was_scored_on_what(store: ScanStore) -> None:
    result, _ = score(store, guess, GaussianNoise(0.02), seed=3, split="val")
    assert result["schema"] == 1
    assert result["predictor"] == PREDICTOR
    assert result["noise"] == {"kind": "gaussian", "level": 0.02}
    data = result["dataset"]
    assert (data["name"], data["split"], data["samples"]) == ("small", "val", 6)
    assert data["checksum"] == store.checksum
    assert (data["classes"], data["limits_nm"]) == (["none", "Au", "Al"], [15, 150])
    assert result["provenance"]["seed"] == 3
    assert 0 < result["timing"]["seconds_per_sample"] < 10


def test_an_unknown_split_is_told(store: ScanStore) -> None:
    with pytest.raises(InputError, match="has no tset samples; choose from train, val, test"):
        score(store, guess, split="tset")


@pytest.mark.parametrize("noise", [GaussianNoise([0, 0.05]), PoissonNoise((10, 99))], ids=str)
def test_a_range_of_levels_is_refused(store: ScanStore, noise: Noise) -> None:
    with pytest.raises(InputError, match="draws its level from a range"):
        score(store, guess, noise)


def test_at_least_one_example_is_kept(store: ScanStore) -> None:
    with pytest.raises(InputError, match="examples is 0; keep at least 1"):
        score(store, guess, examples=0)


@pytest.mark.parametrize(
    ("noise", "name", "expected"),
    [
        ({"kind": "gaussian", "level": 0.02}, "a", "a/small-test-gaussian0.02.json"),
        ({"kind": "gaussian", "level": 0}, "a", "a/small-test-gaussian0.json"),
        ({"kind": "poisson", "electrons": 2500}, "a", "a/small-test-poisson2500.json"),
        ({"kind": "gaussian", "level": 0.02}, "a/b c", "a_b_c/small-test-gaussian0.02.json"),
    ],
)
def test_file_names(noise: dict[str, Any], name: str, expected: str) -> None:
    result: dict[str, Any] = {"noise": noise, "predictor": {"name": name}, "provenance": {}}
    result["dataset"] = {"name": "small", "split": "test"}
    assert result_path(Path("results"), result) == Path("results") / expected


@pytest.mark.parametrize("name", ["original", "corrected", "original_files"])
def test_physics_is_named(name: str) -> None:
    quirks = getattr(sem3d_quirks, name.upper())
    assert evaluation.physics(Analytic(quirks).provenance) == name
    odd = dataclasses.replace(quirks, height_5nm=True)
    assert evaluation.physics(Analytic(odd).provenance) == "other"


def test_each_checkpoint_and_seed_has_its_file(scored: Result, tmp_path: Path) -> None:
    result, arrays = scored
    names = set()
    for stem, seed in (("best", 0), ("last", 0), ("best", 5)):
        predictor = result["predictor"] | {"checkpoint": f"runs/a/checkpoints/{stem}.ckpt"}
        provenance = result["provenance"] | {"seed": seed}
        one = result | {"predictor": predictor, "provenance": provenance}
        names.add(save(tmp_path, one, arrays).stem)
    assert names == {
        "small-test-gaussian0.02-best",
        "small-test-gaussian0.02-last",
        "small-test-gaussian0.02-best-seed5",
    }


def test_another_run_of_the_same_name_is_not_replaced(scored: Result, tmp_path: Path) -> None:
    result, arrays = scored
    for folder in ("runs", "runs"):  # evaluating the same checkpoint again is no conflict
        predictor = result["predictor"] | {"checkpoint": f"{folder}/a/checkpoints/best.ckpt"}
        save(tmp_path, result | {"predictor": predictor}, arrays)
    predictor = result["predictor"] | {"checkpoint": "sweeps/a/checkpoints/best.ckpt"}
    with pytest.raises(InputError, match=r"holds the result of .*runs/a/.*; give another name="):
        save(tmp_path, result | {"predictor": predictor}, arrays)


@pytest.fixture
def scored(store: ScanStore) -> Result:
    return score(store, Oracle(store, thickness=True), GaussianNoise(0.02), examples=2)


def test_files_hold_the_result(scored: Result, tmp_path: Path) -> None:
    path = save(tmp_path, *scored)
    assert json.loads(path.read_text()) == scored[0]
    with np.load(path.with_suffix(".npz")) as arrays:
        assert set(arrays) == set(scored[1])
        for name, array in scored[1].items():
            np.testing.assert_array_equal(arrays[name], array)
        assert arrays["energies_keV"].tolist() == [5, 8, 12, 18, 25, 35]
        assert arrays["scan"].dtype == np.float32
        assert arrays["predicted_labels"].dtype == np.uint8
    assert {p.suffix for p in path.parent.iterdir()} == {".json", ".npz"}


def test_the_report_reads_what_was_saved(scored: Result, tmp_path: Path) -> None:
    from sem3d.report.layers.examples import read_examples

    path = save(tmp_path, *scored)
    assert len(read_examples(path.with_suffix(".npz"))["scan"]) == 2
    assert all(math.isfinite(v) for v in json.loads(path.read_text())["scores"].values())


@pytest.fixture(params=["savez_compressed", "write_atomic"])
def dying(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Die while the arrays are written, or between the arrays and the result."""
    owner = np if request.param == "savez_compressed" else result_file

    def die(path: Path, *_: Any, **__: Any) -> None:
        if request.param == "savez_compressed":
            Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, request.param, die)
    yield
    monkeypatch.undo()


def test_an_interrupted_save_leaves_nothing_half_written(
    scored: Result, tmp_path: Path, dying: None
) -> None:
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, *scored)
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert not [p for p in left if p.suffix == ".json" or "partial" in p.name]
    for path in left:
        np.load(path)["scan"]


@pytest.fixture
def checkpoint(store: ScanStore, tmp_path: Path, config: Any) -> Path:
    """An untrained network in a file of the run "mine"."""
    data = ScanDataModule(store.root, SILENT, SILENT)
    task = build_task(config(), data_spec("small", data, data.statistics))
    saved = {"state_dict": task.state_dict(), "epoch": 0, "global_step": 0}
    task.on_save_checkpoint(saved)
    path = tmp_path / "mine" / "checkpoints" / "best.ckpt"
    path.parent.mkdir(parents=True)
    torch.save(saved, path)
    return path


def test_a_checkpoint_is_scored_on_the_configured_data(checkpoint: Path, config: Any) -> None:
    cfg = config("noise.eval.level=0.01")
    network = load_network(cfg, checkpoint)
    result, examples = score_configured(cfg, network, "val", batch_size=2, examples=1)
    assert result["predictor"]["name"] == "mine"
    assert result["noise"]["level"] == 0.01
    assert (result["dataset"]["name"], result["dataset"]["samples"]) == ("small", 6)
    assert result["timing"]["device"] == "cpu"
    assert len(examples["scan"]) == 1
    again, _ = score_configured(cfg, load_network(cfg, checkpoint, "other"), "val")
    assert again["predictor"]["name"] == "other"
    assert again["scores"] == result["scores"]


def test_a_checkpoint_of_other_energies_is_refused(
    checkpoint: Path, config: Any, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(small_recipe(side=8, test=1), beam=Beam([5, 8, 12, 18, 25, 36]))
    other = write_store(tmp_path / "other.zarr", recipe)
    with pytest.raises(InputError, match=r"other\.zarr has 6 energies \(5\.\.36 keV\) but the net"):
        load_network(config(f"dataset.root={other.root}"), checkpoint)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_is_told() -> None:
    with pytest.raises(InputError, match="device=cuda but PyTorch finds no GPU"):
        find_device("cuda")


def test_a_finished_result_is_found_by_what_decides_it(
    checkpoint: Path, config: Any, tmp_path: Path
) -> None:
    cfg = config("noise.eval.level=0.01")
    network = load_network(cfg, checkpoint)
    same = identity(cfg, network, "val")
    assert result_file.find(tmp_path, same) is None
    path = save(tmp_path, *score_configured(cfg, network, "val"))
    found = result_file.find(tmp_path, same)
    assert found is not None
    assert found[0] == path
    for other in (config("noise.eval.level=0.02"), config("noise.eval.level=0.01", "seed=1")):
        assert result_file.find(tmp_path, identity(other, network, "val")) is None
    renamed = load_network(cfg, checkpoint, "other")
    assert result_file.find(tmp_path, identity(cfg, renamed, "val")) is None
    changed = {**same, "dataset": {**same["dataset"], "checksum": "0"}}
    assert result_file.find(tmp_path, changed) is None


@pytest.mark.parametrize("damage", ["json", "npz"])
def test_a_damaged_result_is_made_again(scored: Result, tmp_path: Path, damage: str) -> None:
    path = save(tmp_path, *scored)
    assert result_file.find(tmp_path, scored[0]) is not None
    if damage == "json":
        path.write_text(path.read_text()[:-20])
    else:
        path.with_suffix(".npz").unlink()
    assert result_file.find(tmp_path, scored[0]) is None


def half_of(store: ScanStore) -> Any:
    """Return a predictor that finds the copper of the upper slices only, and is sure of it."""
    truth = torch.from_numpy(store.read("test", "labels", 0, store.count("test")))
    seen = iter(truth)

    def predict(scan: Tensor) -> Reconstruction:
        labels = torch.stack([next(seen) for _ in scan])
        lower = torch.arange(labels.shape[1])[:, None, None] >= labels.shape[1] // 2
        labels = torch.where((labels == 2) & lower, 1, labels)
        return Reconstruction(labels, probability=(labels == 2).float())

    return predict


def test_voxels_are_scored_sample_by_sample_and_by_depth(voxels: ScanStore) -> None:
    result, examples = score(voxels, half_of(voxels), Dose(), batch_size=2)
    truth = voxels.read("test", "labels", 0, 3) == 2
    upper, whole = (part.reshape(3, -1).sum(1) for part in (truth[:, :4], truth))
    assert result["samples"]["index"] == [0, 1, 2]
    assert result["samples"]["iou"] == pytest.approx(upper / whole)
    assert result["samples"]["oracle_iou"] == result["samples"]["iou"]
    held = truth.any((0, 2, 3)).tolist()
    found = [1.0] * 4 + [0.0] * 4
    assert result["depth_iou"] == [f if h else None for f, h in zip(found, held, strict=True)]
    assert result["scores"]["mre/Cu"] == pytest.approx((1 - upper / whole).mean())
    assert result["scores_transposed"] is None
    assert examples["probability"].shape == (3, 8, 8, 8)
    json.dumps(result, allow_nan=False)


def test_layers_have_no_scores_of_a_body(store: ScanStore) -> None:
    result, _ = score(store, Oracle(store))
    assert not {"samples", "depth_iou"} & result.keys()


def test_every_named_case_is_kept_and_named(tmp_path: Path) -> None:
    cases = CoreShellNanowire(radii_nm=(2, 6, 10), corners="vacuum")
    recipe = Recipe(
        geometry=cases,
        simulator=MonteCarlo(electrons=1),
        beam=Beam([0.5]),
        splits={"test": 4},
        seed=1,
        config={"geometry": {"_target_": "wires", "corners": "vacuum", "box": {}}},
    )
    store = write_store(tmp_path / "wires.zarr", recipe)
    result, examples = score(store, half_of(store), Dose(), examples=1)
    assert result["dataset"]["cases"] == list(cases.names)
    assert result["dataset"]["settings"] == {"corners": "vacuum"}
    assert examples["index"].tolist() == [0, 1, 2]
