"""Who may have a sweep's folder, and what its files tell."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.locks import Lock
from sem3d.runtime.sweeps.folder import (
    PLAN,
    Plan,
    Record,
    SweepFolder,
    differences,
    read_record,
    write_record,
)

Planned = Callable[..., Plan]


@pytest.fixture
def start(sweep: SweepFolder) -> Callable[..., Plan]:
    """Start a sweep command that ends after one job."""

    def run(plan: Plan, *, extend: bool = False, fresh: bool = False) -> Plan:
        lock = sweep.open(plan, extend=extend, fresh=fresh)
        assert sweep.is_running
        job = Lock(sweep.path / "earlier" / "job.lock")
        assert job.take()
        job.release()
        lock.release()
        assert not sweep.is_running
        return sweep.plan()

    return run


def refused(start: Callable[..., Plan], plan: Plan, **how: bool) -> str:
    with pytest.raises(InputError) as told:
        start(plan, **how)
    return str(told.value)


def test_the_plan_is_kept(planned: Planned, start: Any) -> None:
    plan = planned()
    assert start(plan) == plan
    assert start(replace(plan, command="again")) == replace(plan, command="again")


def test_one_sweep_at_a_time(planned: Planned, sweep: SweepFolder, start: Any) -> None:
    lock = sweep.open(planned(), extend=False, fresh=False)
    before = (sweep.path / PLAN).read_text()
    for fresh in (False, True):
        told = refused(start, planned("0.3"), fresh=fresh)
        assert told.startswith(f"{sweep.path} is in use by another sweep command; wait for it, or")
    assert (sweep.path / PLAN).read_text() == before
    lock.release()
    start(planned())


def test_another_base_is_refused_with_both_values(planned: Planned, start: Any) -> None:
    start(planned())
    other = {"seed": 1, "trainer": {"max_epochs": 3}, "ema": 0.9}
    told = refused(start, planned(base=other), extend=True)
    assert "holds another sweep: seed was 0 and is 1, trainer.max_epochs was 2 and is 3, " in told
    assert "ema was None and is 0.9; give sweep.name=... for a second sweep, " in told
    start(planned())


def test_a_plan_of_which_no_job_was_started_binds_nobody(
    planned: Planned, sweep: SweepFolder, start: Any
) -> None:
    """The first try had a wrong setting that every job refused."""
    sweep.open(planned(base={"seed": 7}), extend=False, fresh=False).release()
    assert start(planned()) == planned()


def test_many_differences_are_counted(planned: Planned, start: Any) -> None:
    start(planned())
    told = refused(start, planned(base={f"key{n}": n for n in range(10)}))
    assert told.count(" was ") == 5
    assert " and 7 more; " in told


def test_other_values_join_only_when_asked(planned: Planned, start: Any) -> None:
    start(planned("0.2", "0.1"))
    more = planned("0.3", "0.1")
    told = refused(start, more)
    assert "optimizer.lr was 0.2,0.1 and is 0.3,0.1; " in told
    assert "sweep.extend=true to add values" in told
    joined = start(more, extend=True)
    assert list(joined.jobs) == ["lr-0.2", "lr-0.1", "lr-0.3"]
    assert joined.parameters == {"optimizer.lr": ["0.2", "0.1", "0.3"]}
    assert joined.jobs["lr-0.3"] == {"optimizer.lr": "0.3"}
    assert start(planned("0.4"), extend=True).parameters["optimizer.lr"][-2:] == ["0.3", "0.4"]


def test_the_same_values_may_always_come_again(planned: Planned, start: Any) -> None:
    assert start(planned(), extend=True) == start(planned(), extend=True) == planned()


@pytest.mark.parametrize("extend", [False, True])
def test_other_settings_are_never_joined(planned: Planned, start: Any, extend: bool) -> None:
    start(planned())
    job = {"optimizer.lr": "0.1", "seed": "1"}
    both = planned(parameters={"optimizer.lr": ["0.1"], "seed": ["1"]}, jobs={"x": job})
    assert "seed was not swept and is 1" in refused(start, both, extend=extend)
    none = planned(parameters={}, jobs={"single": {}})
    assert "optimizer.lr was 0.1,0.2 and is not swept" in refused(start, none, extend=extend)


@pytest.mark.parametrize("extend", [False, True])
def test_settings_in_another_order_are_the_same_jobs(
    planned: Planned, start: Any, extend: bool
) -> None:
    def grid(*keys: str) -> Plan:
        jobs = {"+".join(f"{k}-{v}" for k in keys): dict.fromkeys(keys, v) for v in "12"}
        return planned(parameters={key: ["1", "2"] for key in keys}, jobs=jobs)

    start(grid("a", "b"))
    assert list(start(grid("b", "a"), extend=extend).jobs) == ["a-1+b-1", "a-2+b-2"]


def test_fresh_deletes_jobs_and_nothing_else(
    planned: Planned, sweep: SweepFolder, start: Any
) -> None:
    start(planned())
    for name in ("lr-0.1", "lr-0.2"):
        (sweep.path / name / "checkpoints").mkdir(parents=True)
        (sweep.path / name / "job.lock").touch()
    (sweep.path / "notes").mkdir()
    assert start(planned("0.3", base={}), fresh=True) == planned("0.3", base={})
    assert not list(sweep.path.glob("lr-*"))
    assert (sweep.path / "notes").is_dir()


def test_fresh_leaves_a_running_job_alone(planned: Planned, sweep: SweepFolder, start: Any) -> None:
    start(planned())
    for name in ("lr-0.1", "lr-0.2"):
        write_record(sweep.path / name, Record("running", 1))
        (sweep.path / name / "job.lock").touch()
    job = Lock(sweep.path / "lr-0.2" / "job.lock")
    assert job.take()
    told = refused(start, planned("0.3"), fresh=True)
    assert told == f"{sweep.path / 'lr-0.2'} still runs; wait for it or end it"
    assert {path.name for path in sweep.path.glob("*/job.json")} == {"job.json"}
    assert len(list(sweep.path.glob("*/job.json"))) == 2
    assert sweep.plan() == planned()
    job.release()
    start(planned("0.3"), fresh=True)


def test_fresh_needs_nothing_to_delete(planned: Planned, start: Any) -> None:
    assert start(planned(), fresh=True) == planned()


DAMAGED = pytest.mark.parametrize("content", [b"", b'{"name": ', b"\0\0", b"\xff{}", b"[1]"])


@DAMAGED
def test_a_damaged_plan_is_told(sweep: SweepFolder, content: bytes) -> None:
    sweep.path.mkdir(parents=True)
    (sweep.path / PLAN).write_bytes(content)
    with pytest.raises(InputError, match=r"sweep\.json is damaged \(.*\); delete it and start"):
        sweep.plan()


def test_an_older_plan_is_told(sweep: SweepFolder) -> None:
    sweep.path.mkdir(parents=True)
    (sweep.path / PLAN).write_text('{"nam": "x"}')
    with pytest.raises(InputError, match=r"sweep\.json is damaged \(.*'name?'"):
        sweep.plan()


@DAMAGED
def test_damaged_notes_are_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "job.json").write_bytes(content)
    with pytest.raises(InputError, match=r"job\.json is damaged \(.*\); delete it$"):
        read_record(tmp_path)


@DAMAGED
def test_a_damaged_mark_is_told(sweep: SweepFolder, content: bytes) -> None:
    (sweep.path / "x").mkdir(parents=True)
    (sweep.path / "x" / "done.json").write_bytes(content)
    with pytest.raises(InputError, match=r"done\.json is damaged"):
        sweep.job("x", {})


def test_a_missing_sweep_names_those_there_are(
    planned: Planned, sweep: SweepFolder, start: Any
) -> None:
    other = SweepFolder(sweep.path.with_name("second"))
    with pytest.raises(InputError, match=r"second holds no sweep$"):
        other.plan()
    start(planned())
    with pytest.raises(InputError, match=r"second holds no sweep; there are: first$"):
        other.plan()
    assert not other.is_running
    assert not other.path.exists()


def test_states(planned: Planned, sweep: SweepFolder, start: Any) -> None:
    names = ("waiting", "alone", "running", "failed", "done", "halved", "stopped")
    start(planned(jobs={name: {"n": name} for name in names}))
    records = {
        "alone": Record("running", 1), "running": Record("running", 2, devices=("GPU-1",)),
        "failed": Record("failed", 1, reason="x"), "done": Record("done", 1),
        "halved": Record("done", 1), "stopped": Record("interrupted", 1),
    }  # fmt: skip
    for name, record in records.items():
        write_record(sweep.path / name, record)
    for name, halved in (("done", None), ("halved", {"epoch": 3})):
        (sweep.path / name / "done.json").write_text(json.dumps({"halved": halved}))
    (sweep.path / "alone" / "job.lock").touch()
    lock = Lock(sweep.path / "running" / "job.lock")
    assert lock.take()
    found = {job.name: job for job in sweep.jobs()}
    lock.release()
    assert list(found) == list(names)
    states = {name: name for name in names} | {"alone": "interrupted", "stopped": "interrupted"}
    assert {name: job.state for name, job in found.items()} == states
    assert found["running"].record.attempts == 2
    assert found["failed"].record.reason == "x"
    assert found["done"].values == {"n": "done"}
    assert found["halved"].done["halved"]["epoch"] == 3
    assert found["waiting"].done == {}
    assert not (sweep.path / "waiting").exists()
    assert {job.name: job.state for job in sweep.jobs()}["running"] == "interrupted"


def test_notes_are_read_as_they_were_written(tmp_path: Path) -> None:
    told = Record(
        "failed", 3, 1.5, 2.5, 1.0, "host", 7, ["GPU-1"], -9, "ended by ü", "Traceback\n x"
    )
    write_record(tmp_path, told)
    assert read_record(tmp_path) == told
    assert read_record(tmp_path / "other") == Record("waiting")


trees = st.recursive(
    st.integers(0, 2) | st.none(),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)


@given(trees, trees)
def test_differences_are_empty_for_equals_alone(one: Any, other: Any) -> None:
    """An absent key is one that is None."""
    assert differences(one, one) == {}
    found = differences({"x": one}, {"x": other})
    assert all(old != new for old, new in found.values())
    assert bool(found) == (without_none(one) != without_none(other))


def without_none(tree: Any) -> Any:
    """A tree in which a key that is None is absent."""
    if not isinstance(tree, dict):
        return tree
    return {k: without_none(v) for k, v in tree.items() if v is not None}
