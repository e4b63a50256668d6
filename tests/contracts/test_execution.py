"""How a command runs: executors, trainers and loggers."""

import inspect
import math

import pytest
from lightning.pytorch import Trainer

from sem3d.runtime.build import TARGET, build
from sem3d.runtime.times import seconds
from tests.contracts.conftest import compose, options

every_trainer = pytest.mark.parametrize("name", options("trainer"))


QUICK = ("serial", "processes")
"""Executors that need nobody else's processes; the others are tested when slow."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in options("executor")],
)
def test_executors_run_every_job_once(name: str) -> None:
    execute = build(compose("generate", f"executor={name}")["executor"], "executor")
    assert sorted(execute(math.factorial, [3, 1, 2])) == [1, 2, 6]
    assert list(execute(math.factorial, [])) == []


@every_trainer
def test_lightning_knows_every_key_of_a_trainer(name: str) -> None:
    node = compose("train", f"trainer={name}")["trainer"]
    assert node[TARGET] == "lightning.pytorch.Trainer"
    known = inspect.signature(Trainer).parameters.keys()
    assert node.keys() - {TARGET} <= known


@every_trainer
def test_trainers_differ_in_values_only(name: str) -> None:
    """So that trainer.x=... on a command line holds for every machine."""
    ours, plain = (compose("train", f"trainer={t}")["trainer"] for t in (name, "cpu"))
    assert ours.keys() == plain.keys()
    assert ours["max_epochs"] == plain["max_epochs"]


@every_trainer
def test_trainers_have_a_time_limit_that_can_be_read(name: str) -> None:
    assert seconds(compose("train", f"trainer={name}")["trainer"]["max_time"], "x") > 0


def test_a_whole_node_is_used_by_ddp() -> None:
    ddp, gpu = (compose("train", f"trainer={t}")["trainer"] for t in ("ddp", "gpu"))
    assert (ddp["devices"], ddp["strategy"]) == (-1, "ddp")
    assert {k for k in ddp if ddp[k] != gpu[k]} == {"devices", "strategy"}


@pytest.mark.parametrize("name", options("logger"))
def test_loggers_are_known(name: str) -> None:
    assert compose("train", f"logger={name}")["logger"]["name"] == name
