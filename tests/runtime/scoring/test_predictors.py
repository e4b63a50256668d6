"""Solvers and networks behind one interface of evaluation."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import pytest
import torch
from omegaconf import OmegaConf

from sem3d.errors import InputError
from sem3d.runtime.cli import CONF
from sem3d.runtime.scoring import result_file
from sem3d.runtime.scoring.evaluation import identity, score
from sem3d.runtime.scoring.predictors import check_choice, load_network, load_predictor
from sem3d.runtime.trainer.checkpoint import build_task
from sem3d.store.reader import ScanStore
from sem3d.tasks.data import DataSpec

Config = dict[str, Any]


@pytest.fixture
def evaluation(store: ScanStore, tmp_path: Path) -> Callable[..., Config]:
    """Compose conf/evaluate.yaml on the small dataset, with overrides."""

    def compose(*overrides: str) -> Config:
        small = ["dataset=store", "dataset.name=small", f"dataset.root={store.root}"]
        given = [*small, f"output_dir={tmp_path}", "device=cpu", *overrides]
        with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = hydra.compose("evaluate", given)
        values = OmegaConf.to_container(cfg, resolve=True)
        assert isinstance(values, dict)
        chosen = next((o.split("=")[1] for o in overrides if o.startswith("solver=")), None)
        return values | {"choices": {"solver": chosen}, "overrides": list(overrides)}  # type: ignore[return-value]

    return compose


def test_a_solver_is_scored_like_a_network(evaluation: Any, tmp_path: Path) -> None:
    cfg = evaluation("solver=lookup_map", "noise.eval.level=0", "solver.level=1e-4")
    predictor = load_predictor(cfg)
    result, examples = score(cfg, predictor, "test", batch_size=2, examples=3)
    assert result["scores"]["miou_report"] > 0.99
    assert result["scores"]["mae_nm/Al"] < 1
    told = result["predictor"]
    assert (told["kind"], told["model"], told["task"]) == ("solver", "lookup_map", "thickness")
    assert told["name"] == "lookup_map+solver.level-1e-4"
    assert told["settings"] == cfg["solver"]
    assert examples["uncertainty_nm"].shape == (3, 2, 16, 16)
    assert examples["residual"].shape == examples["ambiguity"].shape == (3, 16, 16)
    result_file.save(tmp_path, result, examples)


def test_solvers_of_one_name_and_other_settings_do_not_replace_each_other(
    evaluation: Any, tmp_path: Path
) -> None:
    for level, allowed in (("0.02", True), ("0.02", True), ("0.03", False)):
        cfg = evaluation("solver=lookup", f"solver.level={level}", "name=mine")
        scored = score(cfg, load_predictor(cfg), "test", examples=1)
        if allowed:
            result_file.save(tmp_path, *scored)
        else:
            with pytest.raises(InputError, match="give another name="):
                result_file.save(tmp_path, *scored)


def test_a_solver_may_use_some_of_the_energies(evaluation: Any, store: ScanStore) -> None:
    cfg = evaluation("solver=lookup", "energies_keV=[5,12,35]", "solver.level=0.02")
    predictor = load_predictor(cfg)
    assert predictor.described["name"] == "lookup+energies_keV-5-12-35+solver.level-0.02"
    assert predictor.described["energies_keV"] == [5.0, 12.0, 35.0]
    scan = torch.from_numpy(store.read("test", "scan", 0, 2))
    few = predictor.predict(scan)
    blind = scan.clone()
    blind[:, [1, 3, 4]] = 7.0  # never looked at
    assert torch.equal(predictor.predict(blind).labels, few.labels)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("solver=lookup", "energies_keV=[5,6]"), "energies_keV asks for 6 keV but "),
        (("solver=lookup", "simulator=analytic_corrected"), "was simulated with quirks = "),
        (("solver=lookup", "solver.level=-1"), "solver.level is -1"),
        (("solver=tikhonov", "+solver.stepps=3"), "Tikhonov has no 'stepps', did you mean 'steps'"),
        (("solver=lookup", "device=cuda:7"), "device=cuda:7 but PyTorch finds no GPU"),
    ],
)
def test_what_does_not_fit_is_told(evaluation: Any, overrides: tuple[str, ...], told: str) -> None:
    if "cuda" in told and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError) as error:
        load_predictor(evaluation(*overrides))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ((), "nothing to score; give checkpoint=... or solver=..."),
        (("solver=lookup", "checkpoint=x.ckpt"), "checkpoint and solver are both given"),
        (("checkpoint=x.ckpt", "energies_keV=[5]"), "energies_keV is for solvers"),
        (("checkpoint=x.ckpt",), "x.ckpt does not exist"),
    ],
)
def test_one_thing_is_scored_at_a_time(
    evaluation: Any, overrides: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InputError) as error:
        check_choice(evaluation(*overrides))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("solver=lookup", "energies_keV=[]"), "give positive, strictly increasing energies"),
        (("solver=tikhonov", "solver.strength=nan"), "strength nan"),
    ],
)
def test_impossible_settings_are_told(
    evaluation: Any, overrides: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InputError) as error:
        load_predictor(evaluation(*overrides))
    assert told in str(error.value)


def test_a_prior_from_the_command_line(evaluation: Any) -> None:
    """As docs/solvers.md writes it."""
    weights = "+solver.prior.weights={Au: {0: 6, 5: 2}, Al: {0: 7, 150: 1}}"
    given = "solver.prior._target_=sem3d.solvers.priors.Levels", "+solver.prior.rest=0.2", weights
    predictor = load_predictor(evaluation("solver=lookup", *given))
    assert predictor.described["settings"]["prior"]["weights"]["Al"] == {0: 7, 150: 1}


def test_a_range_of_noise_is_refused_before_the_work(evaluation: Any) -> None:
    cfg = evaluation("solver=lookup", "noise.eval.level=[0.01,0.02]")
    with pytest.raises(InputError, match="a range; give one number"):
        identity(cfg, load_predictor(cfg), "test")


def test_a_damaged_result_is_replaced(evaluation: Any, tmp_path: Path) -> None:
    cfg = evaluation("solver=lookup")
    scored = score(cfg, load_predictor(cfg), "test", examples=1)
    path = result_file.save(tmp_path, *scored)
    path.write_text(path.read_text()[:300])
    assert result_file.save(tmp_path, *scored) == path


@pytest.fixture
def network(store: ScanStore, config: Any, tmp_path: Path) -> Callable[..., Path]:
    """Write a checkpoint of an untrained network, for the small dataset unless told otherwise."""

    def save(**changes: Any) -> Path:
        energies = store.beam.energies_keV
        flat = tuple(0.5 for _ in energies)
        known = {"energies_keV": energies, "volume": store.volume, "labels": (0, 1, 2)}
        torch.manual_seed(0)
        task = build_task(config(), DataSpec(**known | {"mean": flat, "std": flat} | changes))
        saved = {"state_dict": task.state_dict(), "epoch": 0, "global_step": 0}
        task.on_save_checkpoint(saved)
        path = tmp_path / "mine" / "checkpoints" / "best.ckpt"
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(saved, path)
        return path

    return save


def test_symmetries_have_a_row_of_their_own(network: Any, evaluation: Any, tmp_path: Path) -> None:
    given = f"checkpoint={network()}", "noise.eval.level=0"
    names = []
    for symmetries in ("false", "true"):
        cfg = evaluation(*given, f"symmetries={symmetries}")
        names.append(
            result_file.save(tmp_path, *score(cfg, load_predictor(cfg), "test")).parent.name
        )
    assert names == ["mine", "mine+symmetries"]
    cfg = evaluation(*given, "symmetries=true", "name=mine")
    with pytest.raises(InputError, match="give another name="):
        result_file.save(tmp_path, *score(cfg, load_predictor(cfg), "test"))


def test_other_energies_are_interpolated_when_asked(
    network: Any, evaluation: Any, store: ScanStore
) -> None:
    energies = list(store.beam.energies_keV)
    fewer = (energies[0], energies[1], energies[-1])
    path = network(energies_keV=fewer, mean=(0.5,) * 3, std=(0.5,) * 3)
    with pytest.raises(InputError, match="trained on these energies, or interpolate=true"):
        load_network(evaluation(), path)
    found = load_network(evaluation("interpolate=true"), path)
    assert found.described["interpolated"]
    scan = torch.from_numpy(store.read("test", "scan", 0, 2)).float()
    blind = scan.clone()
    blind[:, 2:-1] = 7.0  # energies that no wanted one lies between
    labels = found.predict(scan).labels
    assert torch.equal(found.predict(blind).labels, labels)
    blind[:, 1] = 7.0
    assert not torch.equal(found.predict(blind).labels, labels)


@pytest.mark.parametrize(
    ("dose", "seen"), [((40, 40), None), ((21, 80), None), ((81, 90), "81 to 90"), ((8, 8), "8;")]
)
def test_a_dose_far_from_training_is_warned_of(
    network: Any, evaluation: Any, voxels: ScanStore, dose: tuple[int, int], seen: str | None
) -> None:
    energies = voxels.beam.energies_keV
    flat = tuple(0.5 for _ in energies)
    given = {"energies_keV": energies, "volume": voxels.volume, "labels": (1, 2)}
    path = network(**given, mean=flat, std=flat, dose=dose)
    cfg = evaluation(f"dataset.root={voxels.root}", "noise=counts")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_network(cfg, path)
    told = [str(w.message) for w in caught]
    assert len(told) == (seen is not None)
    assert all("scans have 40 electrons" in t and f"trained on {seen}" in t for t in told)
