"""What a job finds around it."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.locks import Lock, is_locked
from sem3d.runtime.sweeps import environment as module
from sem3d.runtime.sweeps import slots
from sem3d.runtime.sweeps.environment import Room, environment, room

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


def has(*gpus: str, at_once: int = 1) -> Room:
    return Room(tuple(Lock(Path(f"{gpu}.lock")) for gpu in gpus), at_once)


def stay() -> None:
    """Wait on."""


def test_no_rank_of_another_run_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RANKS:
        monkeypatch.setenv(name, "3")
    for name in ("SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", "RANKED", "WANDB_MODE"):
        monkeypatch.setenv(name, "keep")
    around = environment(cfg(), has())
    assert not around.keys() & set(RANKS)
    assert [around[n] for n in ("SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", "RANKED")] == 3 * ["keep"]
    assert around["PATH"] == os.environ["PATH"]
    assert os.environ["RANK"] == "3"


@pytest.mark.parametrize(
    ("devices", "room_of", "threads"),
    [
        (1, has(), "8"),
        (1, has(at_once=3), "2"),
        (1, has(at_once=20), "1"),
        (2, has(at_once=2), "2"),
        (4, has("a", "b", at_once=2), "2"),
        ("auto", has(), None),
        (-1, has(), None),
        (-1, has("a", "b"), "4"),
    ],
)
def test_cores_are_shared_by_processes(devices: Any, room_of: Room, threads: str | None) -> None:
    assert environment(cfg(devices=devices), room_of).get("OMP_NUM_THREADS") == threads


def test_threads_that_were_chosen_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert environment(cfg(), has(at_once=4))["OMP_NUM_THREADS"] == "5"


def test_a_job_sees_its_gpus_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CUDA_VISIBLE_DEVICES" not in environment(cfg(), has())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert environment(cfg(), has())["CUDA_VISIBLE_DEVICES"] == "0,1,2"
    monkeypatch.setenv(slots.GPUS, "GPU-a,GPU-b,GPU-c")
    around = environment(cfg(), has("GPU-a", "GPU-b"))
    assert around["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"
    assert slots.GPUS not in around


def held(folder: Path) -> list[str]:
    """Locks that are held below a folder."""
    return sorted(path.stem for path in folder.rglob("*.lock") if is_locked(path))


SLURM = {"_target_": "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher"}
HOST = os.uname().nodename


def test_a_job_without_gpus_holds_a_slot(tmp_path: Path) -> None:
    with room(cfg(2), {}, tmp_path, stay) as one:
        assert one == Room((), 2)
        assert held(tmp_path) == [f"{HOST}-0"]
        with room(cfg(2), {}, tmp_path, stay):
            assert held(tmp_path) == [f"{HOST}-0", f"{HOST}-1"]
    assert held(tmp_path) == []
    with room(cfg(), {"n_jobs": 2}, tmp_path, stay) as other:
        assert other.at_once == 2


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize("accelerator", ["gpu", "cuda", "auto"])
def test_gpus_alone_limit_their_jobs(tmp_path: Path, accelerator: str) -> None:
    with room(cfg(accelerator=accelerator, devices=2), {}, tmp_path, stay) as one:
        assert one.names == ("GPU-0a-0b", "GPU-1a-0b")
        assert one.at_once == 1
        assert held(tmp_path) == list(one.names)
        with room(cfg(accelerator=accelerator), {}, tmp_path, stay) as other:
            assert other.names == ("GPU-2a-0b",)
            assert other.at_once == 3
    assert held(tmp_path) == []


@pytest.mark.usefixtures("driver")
def test_slots_limit_jobs_on_gpus_too_when_asked(tmp_path: Path) -> None:
    with room(cfg(2, accelerator="gpu"), {}, tmp_path, stay) as one:
        assert held(tmp_path) == [*one.names, f"{HOST}-0"]
        assert one.at_once == 2


def test_auto_without_a_driver_is_the_processor(tmp_path: Path) -> None:
    with room(cfg(accelerator="auto"), {}, tmp_path, stay) as one:
        assert one.gpus == ()


@pytest.mark.usefixtures("driver")
def test_jobs_of_slurm_wait_for_no_slot(tmp_path: Path) -> None:
    with room(cfg(accelerator="gpu"), SLURM, tmp_path, stay) as one:
        assert held(tmp_path) == list(one.names) == ["GPU-0a-0b"]
    with room(cfg(), SLURM, tmp_path, stay):
        assert held(tmp_path) == []
    with room(cfg(2), SLURM, tmp_path, stay):
        assert held(tmp_path) == [f"{HOST}-0"]


def test_other_launchers_inside_slurm_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """joblib in a batch script starts several jobs in one allocation."""
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with room(cfg(), {"n_jobs": 4}, tmp_path, stay) as one:
        assert held(tmp_path) == [f"{HOST}-0"]
        assert environment(cfg(), one)["OMP_NUM_THREADS"] == "2"


@pytest.mark.usefixtures("driver")
def test_what_cannot_be_had_is_refused_and_nothing_kept(tmp_path: Path) -> None:
    four, two = cfg(accelerator="gpu", devices=4), cfg(num_nodes=2)
    with pytest.raises(InputError, match=r"devices=4 needs 4"), room(four, {}, tmp_path, stay):
        pytest.fail("four of three")
    with pytest.raises(InputError, match="num_nodes is 2, but a"), room(two, {}, tmp_path, stay):
        pytest.fail("two machines")
    assert held(tmp_path) == []


def test_who_waits_may_give_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (slot,) = slots.processor_locks(tmp_path, 1)
    assert slot.take()
    monkeypatch.setattr(slots, "time", SimpleNamespace(sleep=lambda _: slot.release()))
    with room(cfg(), {}, tmp_path, stay):
        assert held(tmp_path) == [f"{HOST}-0"]
    assert slot.take()

    def give_up() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"), room(cfg(), {}, tmp_path, give_up):
        pytest.fail("one of none")
    slot.release()
