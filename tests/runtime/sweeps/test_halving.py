import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightning.pytorch import Callback

from sem3d.errors import InputError
from sem3d.runtime.rerun import compare, prepare
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.sweeps.halving import Halving, Rule, goes_on, score_at
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.checkpoint import read_checkpoint

Compose = Callable[..., dict[str, Any]]
RULE = "sweep.halving={first: 2, factor: 2}"
NAN = math.nan

numbers = st.floats(allow_nan=False, allow_infinity=False)
distinct = st.lists(numbers, min_size=1, max_size=30, unique=True)
factors = st.integers(2, 6)
modes = st.sampled_from(["max", "min"])


def survivors(scores: list[float], factor: int, mode: Any) -> list[float]:
    others = [scores[:i] + scores[i + 1 :] for i in range(len(scores))]
    pairs = zip(scores, others, strict=True)
    return [own for own, rest in pairs if goes_on(own, rest, factor, mode)[0]]


@given(distinct, factors, modes)
def test_the_best_of_those_at_a_rung_go_on(scores: list[float], factor: int, mode: Any) -> None:
    best = sorted(scores, reverse=mode == "max")
    kept = len(scores) // factor if len(scores) >= factor else len(scores)
    assert sorted(survivors(scores, factor, mode), reverse=mode == "max") == best[:kept]


@given(distinct, factors, modes)
def test_the_cutoff_is_the_worst_that_goes_on(scores: list[float], factor: int, mode: Any) -> None:
    _, cutoff = goes_on(scores[0], scores[1:], factor, mode)
    if len(scores) < factor:
        assert cutoff is None
    else:
        worst = min if mode == "max" else max
        assert cutoff == worst(survivors(scores, factor, mode))


@given(numbers, st.lists(numbers, max_size=20), factors, modes, st.randoms())
def test_order_does_not_count(
    own: float, others: list[float], factor: int, mode: Any, random: Any
) -> None:
    mixed = list(others)
    random.shuffle(mixed)
    assert goes_on(own, mixed, factor, mode) == goes_on(own, others, factor, mode)


@given(numbers, st.lists(numbers, max_size=20), factors)
def test_small_is_the_mirror_of_large(own: float, others: list[float], factor: int) -> None:
    on, _ = goes_on(own, others, factor, "max")
    assert goes_on(-own, [-o for o in others], factor, "min")[0] == on


@given(numbers, st.lists(numbers, min_size=5, max_size=20), factors)
def test_a_further_job_that_is_worse_costs_nobody_its_place(
    own: float, others: list[float], factor: int
) -> None:
    """From `factor` results on; before, everyone has a place."""
    if goes_on(own, others, factor, "max")[0]:
        assert goes_on(own, [*others, min(own, *others)], factor, "max")[0]


@given(st.lists(numbers | st.just(NAN), max_size=20), factors, modes)
def test_nan_loses(others: list[float], factor: int, mode: Any) -> None:
    on, _ = goes_on(NAN, others, factor, mode)
    assert on == (len(others) + 1 < factor)
    lost = [NAN] * len(others)
    assert goes_on(1.0, lost, factor, mode)[0]


def test_equals_go_on() -> None:
    assert goes_on(0.5, [0.5, 0.5], 3, "max") == (True, 0.5)


def test_two_places_of_six() -> None:
    scores = [0.1, 0.6, 0.3, 0.2, 0.5, 0.4]
    assert survivors(scores, 3, "max") == [0.6, 0.5]
    assert goes_on(0.4, [0.1, 0.6, 0.3, 0.2, 0.5], 3, "max") == (False, 0.5)


def test_rungs_are_factors_apart() -> None:
    assert list(Rule(10, 3).rungs(100)) == [10, 30, 90]
    assert list(Rule(10, 3).rungs(9)) == []
    assert list(Rule(1, 2).rungs(4)) == [1, 2, 4]


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"first": 0, "factor": 3}, r"halving\.first is 0; give a whole number of at least 1"),
        ({"first": 10, "factor": 1}, r"halving\.factor is 1; give a whole number of at least 2"),
        ({"first": 1.5, "factor": 2}, r"halving\.first is 1\.5"),
        ({"first": True, "factor": 2}, r"halving\.first is True"),
        ({"first": 10}, r"is \{'first': 10\}; write it as \{first: 10, factor: 3\}"),
        ({"first": 1, "factr": 2}, r"'factr' is unknown, did you mean 'factor'"),
        (3, r"sweep\.halving is 3; write it as"),
    ],
)
def test_settings_that_make_no_rungs_are_refused(node: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Rule.read(node)


def test_settings() -> None:
    assert Rule.read({"first": 10, "factor": 3}) == Rule(10, 3)


def test_the_first_validation_at_or_after_a_rung_counts() -> None:
    logged = {(5, "val/score"): (4, 0.1), (10, "val/score"): (9, 0.2), (10, "val/loss"): (9, 3.0)}
    assert [score_at(logged, "val/score", rung) for rung in (1, 5, 6, 10, 11)] == [
        0.1, 0.1, 0.2, 0.2, None
    ]  # fmt: skip


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., RunFolder]:
    """A sweep whose other jobs have logged a score after two epochs."""

    def make(*others: float) -> RunFolder:
        folder = tmp_path / "sweep"
        jobs = ["own", *(f"job{i}" for i in range(len(others)))]
        plan = {
            "name": "sweep", "command": "", "parameters": {}, "jobs": {job: {} for job in jobs},
            "base": {}, "monitor": "val/score", "mode": "max",
        }  # fmt: skip
        folder.mkdir()
        (folder / "sweep.json").write_text(json.dumps(plan))
        for job, score in zip(jobs[1:], others, strict=True):
            log(folder / job, f"14,1,val/score,{score}\n")
        log(folder / "stranger", "14,1,val/score,9.0\n")
        return RunFolder(folder / "own")

    return make


def log(job: Path, rows: str) -> None:
    job.mkdir()
    (job / "metrics.csv").write_text("step,epoch,name,value\n" + rows)


class Die(Callback):
    """End the process's training abruptly at the end of an epoch, before anything is saved."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.current_epoch == self.epoch:
            raise MemoryError("killed")


training_test = pytest.mark.filterwarnings("ignore:.*:UserWarning:lightning")


@training_test
def test_a_job_behind_is_stopped_at_its_rung(config: Compose, sweep: Any) -> None:
    run, cfg = sweep(0.9, 0.8, 0.7), config(RULE, "trainer.max_epochs=5")
    training.train(cfg, run)
    done = run.read("done.json")
    (rung,) = run.rungs
    assert read_checkpoint(run.last)["epoch"] == 1
    assert done["halved"] == {k: v for k, v in rung.items() if k != "stop"}
    assert done["halved"]["score"] == done["scores"]["val/score"]
    assert (rung["epoch"], rung["rung"], rung["cutoff"]) == (2, 2, 0.8)
    assert run.is_done(cfg)
    training.train(config("sweep.halving=null", "trainer.max_epochs=3"), run)
    assert read_checkpoint(run.last)["epoch"] == 2
    assert run.read("done.json")["halved"] is None


@training_test
def test_a_job_in_front_goes_on(config: Compose, sweep: Any) -> None:
    run = sweep(0.0, -1.0)
    training.train(config(RULE, "trainer.max_epochs=3"), run)
    assert [(rung["rung"], rung["stop"]) for rung in run.rungs] == [(2, False)]
    assert read_checkpoint(run.last)["epoch"] == 2
    assert run.read("done.json")["halved"] is None


@training_test
def test_the_first_at_a_rung_goes_on(config: Compose, sweep: Any) -> None:
    run = sweep()
    training.train(config(RULE, "trainer.max_epochs=3"), run)
    (rung,) = run.rungs
    assert (rung["cutoff"], rung["stop"]) == (None, False)


@training_test
def test_the_end_of_training_is_no_rung(config: Compose, sweep: Any) -> None:
    run = sweep(0.9, 0.8, 0.7)
    training.train(config(RULE), run)
    assert run.rungs == []
    assert run.read("done.json")["halved"] is None


@training_test
@pytest.mark.parametrize("epoch", [1, None])
def test_a_job_killed_at_a_rung_keeps_to_the_decision(
    config: Compose, sweep: Any, train_with: Any, epoch: int | None
) -> None:
    """Killed before the epoch is saved, or after it and before the job is marked as done."""
    run, cfg = sweep(0.9, 0.8, 0.7), config(RULE, "trainer.max_epochs=5")
    if epoch is None:
        training.train(cfg, run)
        (run.path / "done.json").unlink()
    else:
        with pytest.raises(MemoryError):
            train_with(cfg, run, Die(epoch))
        assert read_checkpoint(run.last)["epoch"] == 0
    before = run.rungs
    for job in run.path.parent.glob("job*"):  # today the job would go on
        (job / "metrics.csv").unlink()
    train_with(cfg, run)
    assert read_checkpoint(run.last)["epoch"] == 1
    assert run.rungs == before
    done = run.read("done.json")
    assert done["halved"]["cutoff"] == 0.8
    assert done["scores"]["val/score"] == done["halved"]["score"]


@training_test
def test_a_halved_job_is_repeated_without_its_sweep(
    config: Compose, sweep: Any, tmp_path: Path
) -> None:
    run, cfg = sweep(0.9, 0.8), config(RULE, "trainer.max_epochs=5") | {"overrides": []}
    training.train(cfg, run)
    again = RunFolder(tmp_path / "elsewhere" / "again")
    training.train(prepare(run, again), again)
    found = compare(run, again)
    assert found.told().startswith("identical")
    assert found.values > 20


def test_without_a_sweep_there_is_nobody_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run is no job of a sweep.*; start a sweep with -m, or"):
        Halving(RunFolder(tmp_path / "run"), Rule(10, 3), "val/score", "max")
