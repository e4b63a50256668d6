"""What ``-m --cfg job`` prints: yaml with jobs and cost as comments."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.errors import HydraException

from sem3d.errors import InputError
from sem3d.report.sweeps import dry_run as module
from sem3d.report.sweeps.cost import training_flops
from sem3d.report.sweeps.dry_run import dry_run
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.folder import Record, SweepFolder, write_record
from sem3d.runtime.times import told_time

Listed = Callable[..., tuple[dict[str, Any], list[str]]]
SMALL = ("model=conv3", "dataset=layers_demo", "trainer.max_epochs=3", "geometry.shape=[32,48]",
         "dataset.splits={train: 100, val: 20, test: 5}", "datamodule.batch_size=16")  # fmt: skip
MACS = 32 * 48 * 9 * sum(a * b for a, b in itertools.pairwise((31, 64, 64, 32, 2)))
FLOPS = 6 * MACS * (6 * 16) * 3 + 2 * MACS * 20 * 3
"""Of one training: 3 epochs of 6 batches of 16 specimens, and three validations of 20."""


@pytest.fixture
def listed(tmp_path: Path) -> Listed:
    """The yaml and the comments for overrides."""

    def run(*overrides: str) -> tuple[dict[str, Any], list[str]]:
        told = dry_run("train", CONF, [*overrides, f"output_dir={tmp_path}"])
        head, *comments = [line for line in told.splitlines() if line.startswith("#")]
        assert head == "# settings of the first job; the others replace what they name"
        return yaml.safe_load(told), [line.removeprefix("# ") for line in comments]

    return run


@pytest.fixture
def costed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, float]]:
    """Learning rate and network of every training whose work was counted, with that."""
    found: list[tuple[Any, float]] = []

    def count(cfg: Any) -> float:
        flops = training_flops(cfg)
        found.append(((cfg["optimizer"]["lr"], cfg["model"]["_target_"]), flops))
        return flops

    monkeypatch.setattr(module, "training_flops", count)
    return found


def test_the_published_grid_is_listed(listed: Listed, tmp_path: Path) -> None:
    config, lines = listed("sweep=lr_wd_lambda")
    assert config["loss"]["epochs"] == [200]
    assert lines[0] == f"252 jobs in {tmp_path}/sweeps/lr_wd_lambda:"
    names = [line.strip() for line in lines[1:] if line.startswith("  ")]
    assert len(set(names)) == len(names) == 252
    assert names[0] == "lr-0.005+weight_decay-0.001+lam-0.5"
    assert names[-1] == "lr-1e-05+weight_decay-1e-05+lam-0.0666667"
    assert len(lines) == 1 + 252 + 3 + 1
    assert lines[-4] == "optimizer.lr: 0.005, 0.001, 0.0005, 0.0001, 5e-05, 1e-05"
    assert not (tmp_path / "sweeps").exists()


def test_the_work_of_all_jobs_by_hand(listed: Listed, costed: Any) -> None:
    _, lines = listed(*SMALL, "optimizer.lr=1e-3,1e-4", "seed=1,2,3", "sweep.tflops=2")
    assert lines[-1] == (
        f"{6 * FLOPS:.2g} floating-point operations in all: {told_time(6 * FLOPS / 2e12)} of a GPU "
        "at 2 TFLOP/s sustained (an assumption: sweep.tflops)"
    )
    assert costed == [((1e-3, "sem3d.models.conv3.Conv3"), FLOPS)]


def test_what_costs_is_counted_for_every_value(listed: Listed, costed: Any) -> None:
    _, lines = listed(*SMALL[1:], "model=conv3,unet", "optimizer.lr=0.1,0.2", "sweep.tflops=1e-6")
    (one, conv3), (other, unet) = costed
    assert (one[1], other[1]) == ("sem3d.models.conv3.Conv3", "sem3d.models.unet.UNet")
    assert conv3 == FLOPS != unet
    assert lines[-1].startswith(f"{2 * (conv3 + unet):.2g} floating-point operations")


def test_added_settings_are_counted_and_shown_without_their_signs(
    listed: Listed, costed: Any
) -> None:
    _, lines = listed(*SMALL, "++optimizer.lr=1e-3,1e-4")
    assert "optimizer.lr: 0.001, 0.0001" in lines
    assert [flops for _, flops in costed] == [FLOPS]


def test_epochs_of_the_jobs_count(listed: Listed, costed: Any) -> None:
    listed(*SMALL, "trainer.max_epochs=1,3")
    assert [flops for _, flops in costed] == [pytest.approx(FLOPS / 3), FLOPS]


def test_loss_weights(listed: Listed) -> None:
    config, lines = listed("sweep=loss_weight")
    assert config["loss"]["_target_"] == "sem3d.losses.mse.WeightedMSE"
    assert lines[0].startswith("6 jobs in ")
    assert [line.strip() for line in lines[1:7]] == [
        f"weights-1.0-{w}" for w in ("1.0", "0.3", "0.1", "0.03", "0.01", "0.003")
    ]


def test_finished_jobs_tell_their_time(listed: Listed, tmp_path: Path, planned: Any) -> None:
    sweep = SweepFolder(tmp_path / "sweeps" / "default")
    sweep.open(planned(), extend=False, fresh=False).release()
    assert "finished" not in listed(*SMALL, "optimizer.lr=0.1,0.2")[1][-1]
    write_record(sweep.path / "lr-0.1", Record("done", 1, seconds=600.0, host="here"))
    assert listed(*SMALL, "optimizer.lr=0.1,0.2")[1][-1] == (
        "1 finished jobs took 10 min each on processors of here: 20 min for all, 10 min for the "
        "rest"
    )
    write_record(sweep.path / "lr-0.2", Record("done", 1, seconds=0.0, devices=("a", "b")))
    write_record(sweep.path / "lr-0.1", Record("failed", 1, seconds=600.0))
    lines = listed(*SMALL, "optimizer.lr=0.1,0.2")[1]
    assert lines[-1].startswith("1 finished jobs took 0 s each on 2 GPUs")
    assert "finished" not in listed(*SMALL, "optimizer.lr=0.1,0.2", "fresh=true")[1][-1]
    assert "finished" not in listed(*SMALL, "seed=1,2,3")[1][-1]


@pytest.mark.parametrize(
    ("tflops", "told"), [(1, "of a GPU"), (1e-5, "GPU hours"), (1e-8, "GPU hours")]
)
def test_hours_are_readable(listed: Listed, tflops: float, told: str) -> None:
    halving = "sweep.halving={first: 1, factor: 2}"
    line = listed(*SMALL, "seed=1,2", f"sweep.tflops={tflops}", halving)[1][-1]
    assert told in line
    assert "e+" not in line.split(":")[1]
    assert line.endswith("without what sweep.halving saves")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("sweep.timeout=abc", "sweep.timeout is 'abc'"),
        ("sweep.slots=0", "sweep.slots is 0"),
        ("sweep.halving={first: 10}", "sweep.halving is"),
        ("loss=mse,msee", "msee"),
        ("seeed=1,2", "seeed"),
    ],
)
def test_it_refuses_what_the_sweep_would_refuse(listed: Listed, override: str, told: str) -> None:
    with pytest.raises((InputError, HydraException), match=told):
        listed("seed=1,2", *SMALL, override)


def test_an_extended_sweep_keeps_its_names(listed: Listed, tmp_path: Path, planned: Any) -> None:
    values = {"optimizer.lr": ["0.1", "0.2"], "seed": ["1", "2"]}
    jobs = {"lr-0.1+seed-1": {"optimizer.lr": "0.1", "seed": "1"}}
    plan = planned(parameters=values, jobs=jobs)
    SweepFolder(tmp_path / "sweeps" / "first").open(plan, extend=False, fresh=False).release()
    given = ("optimizer.lr=0.1,0.3", "seed=1", "sweep.name=first", "sweep.extend=true")
    assert "  lr-0.3+seed-1" in listed(*SMALL, *given)[1]


def test_one_job(listed: Listed) -> None:
    config, lines = listed(*SMALL, "seed=3")
    assert config["seed"] == 3
    assert lines[1] == "  single"


@pytest.mark.parametrize(
    "override", ["optimizer.lrr=1,2", "modle=unet,conv3", "seed=interval(1,2)"]
)
def test_what_does_not_fit_is_refused(listed: Listed, override: str) -> None:
    with pytest.raises(HydraException):
        listed(override)
