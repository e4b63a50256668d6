"""What a job finds around it."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.locks import is_locked
from sem3d.runtime.sweeps import environment as module
from sem3d.runtime.sweeps import slots
from sem3d.runtime.sweeps.environment import environment, room

RANKS = (
    "LOCAL_RANK", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK",
    "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT",
    "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID",
)  # fmt: skip


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight cores, outside Slurm, nothing said about threads."""
    for name in ("OMP_NUM_THREADS", "SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "cores", lambda: 8)
    monkeypatch.setattr(slots, "POLL_S", 0.01)


def cfg(slots: int | None = None, **trainer: Any) -> dict[str, Any]:
    given = {"accelerator": "cpu", "devices": 1, "num_nodes": 1} | trainer
    return {"trainer": given, "sweep": {"slots": slots}}


def test_no_rank_of_another_run_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RANKS:
        monkeypatch.setenv(name, "3")
    for name in ("SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", "RANKED", "WANDB_MODE"):
        monkeypatch.setenv(name, "keep")
    around = environment(cfg(), {}, [])
    assert not around.keys() & set(RANKS)
    assert [around[n] for n in ("SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", "RANKED")] == 3 * ["keep"]
    assert around["PATH"] == os.environ["PATH"]
    assert os.environ["RANK"] == "3"


@pytest.mark.parametrize(
    ("given", "launcher", "gpus", "threads"),
    [
        (cfg(), {}, [], "8"),
        (cfg(4), {}, [], "2"),
        (cfg(3), {}, [], "2"),
        (cfg(20), {}, [], "1"),
        (cfg(), {"n_jobs": 2}, [], "4"),
        (cfg(2, devices=2), {}, [], "2"),
        (cfg(2, devices=4), {}, ["a", "b"], "2"),
        (cfg(devices="auto"), {}, [], None),
        (cfg(devices=-1), {}, [], None),
        (cfg(devices=-1), {}, ["a", "b"], "4"),
    ],
)
def test_cores_are_shared_by_processes(
    given: Any, launcher: Any, gpus: list[str], threads: str | None
) -> None:
    assert environment(given, launcher, gpus).get("OMP_NUM_THREADS") == threads


def test_threads_that_were_chosen_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert environment(cfg(4), {}, [])["OMP_NUM_THREADS"] == "5"


def test_an_allocation_of_slurm_is_the_job_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    assert "OMP_NUM_THREADS" not in environment(cfg(4), {}, [])


def test_a_job_sees_its_gpus_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CUDA_VISIBLE_DEVICES" not in environment(cfg(), {}, [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert environment(cfg(), {}, [])["CUDA_VISIBLE_DEVICES"] == "0,1,2"
    assert environment(cfg(), {}, ["GPU-a", "GPU-b"])["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"


def held(folder: Path) -> list[str]:
    """Locks that are held below a folder."""
    return sorted(path.stem for path in folder.rglob("*.lock") if is_locked(path))


HOST = os.uname().nodename


def test_a_job_without_gpus_holds_a_slot(tmp_path: Path) -> None:
    with room(cfg(2), {}, tmp_path, "one") as gpus:
        assert gpus == []
        assert held(tmp_path) == [f"{HOST}-0"]
        with room(cfg(2), {}, tmp_path, "two"):
            assert held(tmp_path) == [f"{HOST}-0", f"{HOST}-1"]
    assert held(tmp_path) == []


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize("accelerator", ["gpu", "cuda"])
def test_a_job_with_gpus_holds_them_too(tmp_path: Path, accelerator: str) -> None:
    with room(cfg(3, accelerator=accelerator, devices=2), {}, tmp_path, "one") as gpus:
        assert gpus == ["GPU-0a-0b", "GPU-1a-0b"]
        assert held(tmp_path) == [*gpus, f"{HOST}-0"]
        with room(cfg(3, accelerator=accelerator), {}, tmp_path, "two") as others:
            assert others == ["GPU-2a-0b"]
    assert held(tmp_path) == []


@pytest.mark.usefixtures("driver")
def test_inside_slurm_there_are_no_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with room(cfg(accelerator="gpu"), {}, tmp_path, "one") as gpus:
        assert held(tmp_path) == gpus == ["GPU-0a-0b"]
    with room(cfg(2), {}, tmp_path, "asked"):
        assert held(tmp_path) == [f"{HOST}-0"]


@pytest.mark.usefixtures("driver")
def test_what_cannot_be_had_is_refused_and_nothing_kept(tmp_path: Path) -> None:
    four, two = cfg(accelerator="gpu", devices=4), cfg(num_nodes=2)
    with pytest.raises(InputError, match=r"devices=4 needs 4"), room(four, {}, tmp_path, "x"):
        pytest.fail("four of three")
    with pytest.raises(InputError, match="num_nodes is 2, but a"), room(two, {}, tmp_path, "x"):
        pytest.fail("two machines")
    assert held(tmp_path) == []


def test_waiting_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (slot,) = slots.processor_locks(tmp_path, 1)
    assert slot.take()
    monkeypatch.setattr(slots, "time", SimpleNamespace(sleep=lambda _: slot.release()))
    with room(cfg(), {}, tmp_path, "lr-0.1"):
        pass
    assert capsys.readouterr().out == "lr-0.1: waits for a free place\n"
