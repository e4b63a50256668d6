"""Nothing is used twice and nobody blocks another: processors, GPUs and their parts."""

import os
import subprocess
import sys
import threading
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from sem3d.errors import InputError
from sem3d.locks import Lock, is_locked
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps import slots
from sem3d.runtime.sweeps.slots import (
    cores,
    gpu_locks,
    one_of,
    places,
    processor_locks,
    visible_gpus,
)

THREE = ["GPU-0a-0b", "GPU-1a-0b", "GPU-2a-0b"]


def nothing() -> None:
    pass


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "POLL_S", 0.01)


@pytest.fixture
def three(tmp_path: Path) -> Any:
    """Three locks anew, as every process makes them."""
    return lambda: [Lock(tmp_path / f"{n}.lock") for n in range(3)]


def test_gpus_that_a_launcher_hides_are_told_by_the_sweep(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    monkeypatch.setenv(slots.GPUS, ",".join(slots.visible_gpus()))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert slots.visible_gpus() == ["GPU-2a-0b", "GPU-0a-0b"]


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local", "submitit_slurm", "basic"])
def test_only_jobs_of_slurm_are_queued(launcher: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        given = [f"hydra/launcher={launcher}"]
        config = loader.load_configuration("train", given, RunMode.MULTIRUN)
    assert slots.is_queued(config.hydra.launcher) == (launcher == "submitit_slurm")


def test_the_first_free_ones_are_taken(three: Any) -> None:
    taken = three()[0]
    assert taken.take()
    with one_of(three(), 2, nothing) as held:
        assert [lock.path.stem for lock in held] == ["1", "2"]
        assert all(is_locked(lock.path) for lock in held)
    assert [is_locked(lock.path) for lock in three()] == [True, False, False]
    taken.release()


def test_while_waiting_nothing_is_held(three: Any) -> None:
    first, told = three()[:2], []
    assert all(lock.take() for lock in first)
    got = threading.Event()

    def want_two() -> None:
        with one_of(three(), 2, lambda: told.append("waits")):
            got.set()

    thread = threading.Thread(target=want_two, daemon=True)
    thread.start()
    while not told:
        time.sleep(0.001)
    with Lock(three()[2].path).held(nothing, 20):  # the one lock that is free can still be had
        assert not got.is_set()
    first[0].release()
    thread.join(20)
    assert got.is_set()
    assert set(told) == {"waits"}
    first[1].release()


def test_those_who_want_two_of_three_never_block_each_other(three: Any) -> None:
    users: dict[str, list[int]] = {f"{n}": [] for n in range(3)}
    most: list[int] = []

    def work(me: int) -> None:
        for _ in range(4):
            with one_of(three(), 2, nothing) as held:
                for lock in held:
                    users[lock.path.stem].append(me)
                time.sleep(0.002)
                most.extend(len(users[lock.path.stem]) for lock in held)
                for lock in held:
                    users[lock.path.stem].remove(me)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert most == [1] * 24


def test_an_error_inside_frees_them(three: Any) -> None:
    with pytest.raises(KeyError), one_of(three(), 3, nothing):
        raise KeyError
    assert not any(is_locked(lock.path) for lock in three())


def test_slots_of_processors_belong_to_a_sweep_and_a_machine(tmp_path: Path) -> None:
    ours, theirs = (processor_locks(tmp_path / name, 2) for name in ("a", "b"))
    paths = {lock.path for lock in ours + theirs}
    assert len(paths) == 4
    assert all(os.uname().nodename in path.name for path in paths)


# GPUs


def names(locks: list[Lock]) -> list[str]:
    return [lock.path.stem for lock in locks]


def test_gpus_are_named_as_the_driver_names_them(driver: Any, tmp_path: Path) -> None:
    assert visible_gpus() == THREE
    locks, count = gpu_locks(2)
    assert (names(locks), count) == (THREE, 2)
    assert {lock.path.parent for lock in locks} == {tmp_path / f"sem3d-gpus-{os.getuid()}"}


MIG = """\
GPU 0: NVIDIA H (UUID: GPU-0a)
  MIG 1g.10gb     Device  0: (UUID: MIG-00)
  MIG 1g.10gb     Device  1: (UUID: MIG-01)
GPU 1: NVIDIA H (UUID: GPU-1a)
GPU 2: NVIDIA H (UUID: GPU-2a)
  MIG 3g.40gb     Device  0: (UUID: MIG-20)"""


def test_a_gpu_in_parts_is_its_parts(driver: Any) -> None:
    driver(MIG)
    assert visible_gpus() == ["MIG-00", "MIG-01", "GPU-1a", "MIG-20"]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("0", [0]), ("2,0", [2, 0]), (" 1 , 2 ", [1, 2]), ("GPU-1a-0b", [1]), ("GPU-2", [2]),
        ("", []), ("-1", []), ("3", []), ("NoDevFiles", []), ("GPU-9", []),
        ("0,-1,1", [0]), ("1,7,2", [1]), ("GPU-0a,2", [0, 2]),
    ],
)  # fmt: skip
def test_what_is_hidden_is_not_used(
    driver: Any, monkeypatch: pytest.MonkeyPatch, chosen: str, found: list[int]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == [THREE[n] for n in found]


def test_a_driver_that_does_not_answer_is_told(driver: Any, tmp_path: Path) -> None:
    (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    with pytest.raises(InputError, match=r"the GPU driver does not answer \(.*status 9"):
        visible_gpus()


@pytest.mark.parametrize("program", [None, "#!/bin/sh\necho no GPUs\n"])
def test_without_a_driver_there_are_none(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    place = tmp_path / "bin" / "nvidia-smi"
    if program is None:
        place.unlink()
        monkeypatch.setenv("PATH", str(place.parent))
    else:
        place.write_text(program)
    assert visible_gpus() == []
    for devices in (1, -1, "auto", [0]):
        with pytest.raises(InputError, match="but 0 are visible; give"):
            gpu_locks(devices)


@pytest.mark.parametrize(
    ("devices", "chosen", "count"),
    [
        (1, [0, 1, 2], 1), ("2", [0, 1, 2], 2), (3, [0, 1, 2], 3),
        (-1, [0, 1, 2], 3), ("-1", [0, 1, 2], 3), ("auto", [0, 1, 2], 3),
        ([1], [1], 1), ([2, 0], [2, 0], 2), ("0,1", [0, 1], 2), ("0, 2", [0, 2], 2),
        ("1,", [1], 1),
    ],
)  # fmt: skip
def test_devices_as_lightning_reads_them(
    driver: Any, devices: Any, chosen: list[int], count: int
) -> None:
    locks, wanted = gpu_locks(devices)
    assert (names(locks), wanted) == ([THREE[n] for n in chosen], count)


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        (4, "trainer.devices=4 needs 4 GPUs, but 3 are visible; give fewer, or trainer=cpu"),
        ([0, 3], r"trainer.devices=\[0, 3\] names GPU 3, but 3 are visible; give the number"),
        ("7,", "names GPU 7"),
        (0, "trainer.devices is 0; give the number of GPUs that each job takes, -1 for all, or"),
        ([], r"trainer.devices is \[\]; give the number"),
        ([1, 1], r"trainer.devices is \[1, 1\]; give .* list of different GPUs"),
        ([-2], "give the number"), (-2, "give the number"), ("two", "give the number"),
        (None, "give the number"), (1.5, "give the number"),
    ],
)  # fmt: skip
def test_other_devices_are_refused(driver: Any, devices: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        gpu_locks(devices)


JOB = """
import sys, time
from pathlib import Path
from sem3d.runtime.sweeps import slots
slots.POLL_S = 0.01
with slots.one_of(*slots.gpu_locks(1), lambda: None) as (gpu,):
    began = time.monotonic()
    time.sleep(0.1)
    print(gpu.path.stem, began, time.monotonic())
"""


def test_processes_never_share_a_gpu(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    call = [sys.executable, "-c", JOB]
    running = [subprocess.Popen(call, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    told = [process.communicate(timeout=60)[0].split() for process in running]
    spans = [(gpu, float(began), float(ended)) for gpu, began, ended in told]
    assert {gpu for gpu, *_ in spans} <= {THREE[0], THREE[2]}
    for (gpu, began, ended), (other, start, end) in combinations(spans, 2):
        assert gpu != other or ended <= start or end <= began


# processors


@pytest.mark.parametrize(
    ("slots", "launcher", "expected"),
    [
        (None, {}, 1), (3, {}, 3), (3, {"n_jobs": 8}, 3), (None, {"n_jobs": 2}, 2),
        (None, {"n_jobs": None}, 1), (None, {"n_jobs": -1}, "cores"),
        (None, {"n_jobs": -10000}, 1),
    ],
)  # fmt: skip
def test_places(slots: Any, launcher: Any, expected: Any) -> None:
    """joblib counts back from all cores: -1 is all of them, -2 all but one."""
    expected = cores() if expected == "cores" else expected
    for node in (launcher, struct(launcher)):
        assert places({"sweep": {"slots": slots}}, node) == expected


def struct(node: dict[str, Any]) -> Any:
    """A node as Hydra hands it out."""
    made = OmegaConf.create(node)
    OmegaConf.set_struct(made, True)
    return made


def test_all_cores_but_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "cores", lambda: 6)
    assert places({"sweep": {"slots": None}}, {"n_jobs": -2}) == 5


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", []])
def test_other_places_are_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"sweep\.slots is .*; give how many jobs may run"):
        places({"sweep": {"slots": wrong}}, {})


def test_cores_are_those_of_this_process() -> None:
    ours = os.sched_getaffinity(0)
    assert cores() == len(ours)
