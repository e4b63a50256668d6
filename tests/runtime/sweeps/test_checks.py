"""What is wrong for all jobs is told before the first starts."""

import shutil
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from sem3d.errors import InputError
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.checks import MOST_LOCAL, check


def config(*overrides: str) -> Any:
    """The configuration of a multirun."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        return loader.load_configuration("train", list(overrides), RunMode.MULTIRUN)


@pytest.mark.parametrize(
    "overrides",
    [(), ("sweep.timeout=01:00:00", "sweep.slots=3"), ("sweep.halving={first: 1, factor: 2}",)],
)
def test_good_settings_pass(overrides: tuple[str, ...]) -> None:
    check(config("seed=1,2", *overrides), 2)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("sweep.timeout=soon", "sweep.timeout is 'soon'; write it as"),
        ("sweep.slots=two", "sweep.slots is 'two'; give how many"),
        ("sweep.halving={frist: 1}", "'frist' is unknown, did you mean 'first'"),
        ("hydra.job.chdir=true", "hydra.job.chdir=true moves paths away"),
        ("trainer=gpu", "trainer.devices=1 needs 1 GPU, but 0 are visible"),
        ("hydra/launcher=submitit_slurm", "finds no srun"),
    ],
)
def test_the_rest_is_told(override: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match=told):
        check(config("seed=1,2", override), 2)


def test_on_a_cluster_gpus_are_those_of_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    check(config("seed=1,2", "trainer=gpu", "hydra/launcher=submitit_slurm"), 1000)


def test_submitit_would_start_too_many_jobs_at_once_here() -> None:
    local = config("seed=1,2", "hydra/launcher=submitit_local")
    check(local, MOST_LOCAL)
    with pytest.raises(InputError, match=r"starts all 65 jobs at once, .* hydra/launcher=joblib"):
        check(local, MOST_LOCAL + 1)
