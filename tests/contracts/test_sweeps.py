"""Every sweep composes, names settings that exist, and trains what can be trained."""

import itertools
import re
from functools import cache
from pathlib import Path
from typing import Any

import hydra
import pytest
import torch
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from sem3d.runtime.build import TARGET, check_arguments, locate, partial
from sem3d.runtime.cli import CONF, refuse_additions
from sem3d.runtime.sweeps.folder import Plan
from sem3d.runtime.sweeps.plan import jobs_of, make_plan
from sem3d.runtime.trainer.checkpoint import build_task
from tests.contracts.conftest import compose, groups, options, targets
from tests.contracts.test_experiments import DATA

STEERED = [path for path in CONF.rglob("*.y*ml") if re.search("^program:", path.read_text(), re.M)]
"""Sweeps that Weights & Biases steers; no options of Hydra."""

SWEEPS = sorted({*options("sweep")} - {path.stem for path in STEERED})

every_sweep = pytest.mark.parametrize("name", SWEEPS)


@cache
def planned(name: str) -> tuple[Any, Plan, list[list[str]]]:
    """Configuration of a multirun, its plan, and the overrides of its jobs."""
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration("train", [f"sweep={name}"], RunMode.MULTIRUN)
        return config, make_plan("train", config), jobs_of(config)


def test_there_are_sweeps() -> None:
    assert len(SWEEPS) >= 3
    assert "sweep" in groups("train")


@every_sweep
def test_a_sweep_starts_many_jobs_by_its_name(name: str) -> None:
    config, plan, jobs = planned(name)
    assert config.hydra.mode == RunMode.MULTIRUN
    assert plan.name == config.sweep.name == name
    assert config.hydra.sweep.dir.endswith(f"/sweeps/{name}")
    assert len(plan.jobs) == len(jobs) > 1


@every_sweep
def test_every_setting_it_sweeps_exists(name: str) -> None:
    """An override of an unknown key is refused by Hydra, not added."""
    config, plan, _ = planned(name)
    assert set(config.hydra.sweeper.params) == set(plan.parameters)
    for key, values in plan.parameters.items():
        assert not key.startswith(("+", "~"))
        assert len(values) > 1
        refuse_additions([f"{key}={values[0]}"], config)
        with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
            hydra.compose("train", [f"sweep={name}", f"{key}={values[0]}"])
            with pytest.raises(HydraException):
                hydra.compose("train", [f"sweep={name}", f"{key}x={values[0]}"])


@every_sweep
@pytest.mark.parametrize("number", [0, -1])
def test_its_first_and_last_job_can_be_trained(name: str, number: int) -> None:
    _, plan, jobs = planned(name)
    cfg = compose("train", *jobs[number])
    for path, node in targets(cfg):
        arguments = {key: value for key, value in node.items() if key != TARGET}
        check_arguments(locate(node[TARGET], path), arguments, path)
    with torch.device("meta"):
        task = build_task(cfg, DATA)
        scan = torch.empty(2, len(DATA.energies_keV), 32, 32)
    assert task.loss.target == task.target
    task.prediction(getattr(task.model, "stages", task.model)(scan)).sum().backward()
    assert [key for key, p in task.model.named_parameters() if p.grad is None] == []
    optimizer = partial(cfg["optimizer"], "optimizer")([torch.nn.Parameter(torch.zeros(3))])
    if cfg["schedule"]:
        partial(cfg["schedule"], "schedule", steps=10)(optimizer)
    for key, value in plan.jobs[list(plan.jobs)[number]].items():
        given = OverridesParser.create().parse_override(f"{key}={value}").value()
        assert OmegaConf.select(OmegaConf.create(cfg), key) == given


@every_sweep
def test_its_jobs_differ(name: str) -> None:
    _, plan, _ = planned(name)
    assert len({tuple(values.items()) for values in plan.jobs.values()}) == len(plan.jobs)
    assert len({job.lower() for job in plan.jobs}) == len(plan.jobs)


@every_sweep
def test_its_jobs_validate_after_their_last_epoch(name: str) -> None:
    trainer = planned(name)[1].base["trainer"]
    assert trainer["max_epochs"] % trainer["check_val_every_n_epoch"] == 0


LR, DECAY, LAMBDA = "optimizer.lr", "optimizer.weight_decay", "loss.losses.0.lam"


def test_the_published_grid() -> None:
    """Zheng et al.: 6 learning rates x 3 weight decays x 14 weights 1/n of the cross-entropy."""
    _, plan, jobs = planned("lr_wd_lambda")
    rates = [5e-3, 1e-3, 5e-4, 1e-4, 5e-5, 1e-5]
    weights = [float(f"{1 / n:.6g}") for n in range(2, 16)]
    found = [tuple(float(job[key]) for key in (LR, DECAY, LAMBDA)) for job in plan.jobs.values()]
    assert found == list(itertools.product(rates, [1e-3, 1e-4, 1e-5], weights))
    assert len(jobs) == 252
    base, recipe = plan.base, compose("train", "experiment=voxels_moderate")
    assert {k: base[k] for k in ("model", "datamodule")} == {
        k: recipe[k] for k in ("model", "datamodule")
    }
    assert base["loss"]["losses"][0]["_target_"] == recipe["loss"]["losses"][0]["_target_"]


def test_loss_weights_begin_and_end_with_the_published_ones() -> None:
    """Artemov et al.: UNet, UNet01 and UNet001 are three of the jobs."""
    jobs = [yaml.safe_load(job["loss.weights"]) for job in planned("loss_weight")[1].jobs.values()]
    published = [compose("train", f"experiment={e}_to_2d") for e in ("unet01", "unet001")]
    assert all(cfg["loss"]["weights"] in jobs for cfg in published)
    assert [1.0, 1.0] in jobs
    base = planned("loss_weight")[1].base
    assert {k: base[k] for k in ("model", "optimizer", "dataset", "task")} == {
        k: published[0][k] for k in ("model", "optimizer", "dataset", "task")
    }


@pytest.mark.parametrize("path", STEERED, ids=lambda path: path.stem)
def test_a_sweep_steered_from_outside_names_settings_that_exist(path: Path) -> None:
    node = yaml.safe_load(path.read_text())
    assert node["program"] == "sem3d.train"
    fixed = [part for part in node["command"] if "=" in part and "$" not in part]
    cfg = OmegaConf.create(compose("train", *fixed))
    assert [key for key in node["parameters"] if OmegaConf.select(cfg, key) is None] == []
    assert node["metric"]["name"] == cfg.checkpoint.monitor
    assert node["metric"]["goal"].startswith(cfg.checkpoint.mode)
