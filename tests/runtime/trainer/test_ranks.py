"""Who started the processes of a training; whole trainings are in tests/commands."""

import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any
from unittest.mock import Mock

import pytest
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch import Trainer

from sem3d.errors import InputError
from sem3d.runtime.trainer import ranks

STEP = {"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4"}
PER_NODE = {"SLURM_NTASKS_PER_NODE": "2"}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("SLURM_", "TORCHELASTIC_")) or name == "WORLD_SIZE":
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, LightningEnvironment),
        (STEP | PER_NODE, SLURMEnvironment),
        (STEP | PER_NODE | {"SLURM_STEP_NUM_TASKS": "1"}, LightningEnvironment),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, LightningEnvironment),
        (STEP | {"TORCHELASTIC_RUN_ID": "x"}, TorchElasticEnvironment),
    ],
    ids=["nobody", "srun", "srun of one task", "a batch script without srun", "torchrun"],
)
def test_who_started_the_processes(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], expected: type
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    found = ranks.environment()
    assert type(found) is expected
    assert not getattr(found, "auto_requeue", False)  # stopping and saving are ours


def test_srun_must_tell_the_tasks_per_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="--ntasks-per-node"):
        ranks.environment()


def trainer(devices: int, nodes: int, **more: Any) -> Any:
    return Mock(spec=Trainer, num_devices=devices, num_nodes=nodes, **more)


def test_as_many_processes_as_were_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    ranks.check(trainer(2, 2), TorchElasticEnvironment())
    with pytest.raises(InputError, match=r"torchrun started 4 processes but .* ask for 1"):
        ranks.check(trainer(1, 1), TorchElasticEnvironment())


def test_nodes_that_nobody_started_are_refused() -> None:
    ranks.check(trainer(8, 1), LightningEnvironment())
    with pytest.raises(InputError, match=r"trainer.num_nodes is 2 but nobody started"):
        ranks.check(trainer(8, 2), LightningEnvironment())


def test_one_process_makes_and_later_ranks_read() -> None:
    strategy = Mock(cluster_environment=LightningEnvironment())
    alone = trainer(1, 1, strategy=strategy, world_size=1, is_global_zero=True)
    later = trainer(2, 1, strategy=strategy, world_size=2, is_global_zero=False)
    assert ranks.from_first(alone, lambda: "made", lambda: "read") == "made"
    assert ranks.from_first(later, lambda: "made", lambda: "read") == "read"


def test_failures_are_told_by_rank() -> None:
    assert ranks.told_failures([None, 0]) == []
    (killed,) = ranks.told_failures([None, 0, -9])
    assert killed.startswith("rank 3 was killed by signal 9; run the same command again")
    (failed,) = ranks.told_failures([2, None])
    assert failed == "rank 1 ended with status 2; its output stands above"


TOGETHER = """
import atexit, os, sys
from pathlib import Path
from unittest.mock import Mock
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
import torch
from sem3d.runtime.trainer import ranks

def look():
    left = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    print(*(name for name in left if "gloo" in name), file=sys.stderr, end="")

atexit.register(look)  # called last
ranks.disconnect_at_exit()
rank = int(os.environ["RANK"])
strategy = Mock(cluster_environment=TorchElasticEnvironment(), root_device=torch.device("cpu"))
trainer = Mock(strategy=strategy, world_size=2, is_global_zero=rank == 0)
make = (lambda: {"n": 5}) if sys.argv[1] == "made" else (lambda: 1 / 0)
print(ranks.from_first(trainer, make, lambda: "stale"), flush=True)
"""


@pytest.mark.parametrize("what", ["made", "failed"])
def test_ranks_started_together_are_told_by_the_first(what: str, tmp_path: Any) -> None:
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    both = [
        subprocess.Popen(
            [sys.executable, str(script), what], env=os.environ | told | {"RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=100) for process in both]
    if what == "made":
        assert outputs == [("{'n': 5}\n", "")] * 2
    else:
        assert outputs[1] == ("", "")
        assert outputs[0][1].endswith("ZeroDivisionError: division by zero\n")
        assert [p.returncode for p in both] == [1, 2]


def test_a_rank_that_fails_after_the_training_ends_nobody() -> None:
    launcher = ranks._SubprocessScriptLauncher(Mock(), 2, 1)
    with ranks.looked_after(trainer(2, 1, strategy=Mock(launcher=launcher))):
        watch = threading.enumerate()[-1]
    launcher.procs = [Mock(poll=lambda: pytest.fail("looked again"))]
    watch.join(timeout=20)
    assert not watch.is_alive()


RANK_0 = """
import os, subprocess, sys
from sem3d.runtime.trainer import ranks
ranks.end_with_parent()
wait = '''
import time
from sem3d.runtime.trainer import ranks
ranks.end_with_parent()
print("up", flush=True)
time.sleep(600)
'''
child = subprocess.Popen([sys.executable, "-c", wait], env=os.environ | {"LOCAL_RANK": "1"})
print(child.pid, flush=True)
child.wait()
"""


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as f:  # noqa: PTH123
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")  # noqa: PTH112
def test_a_rank_ends_when_its_rank_0_is_killed() -> None:
    """It sleeps here, as it would wait in a collective, and hears of nothing."""
    line = [sys.executable, "-c", RANK_0]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as rank_0:
        assert rank_0.stdout
        child = int(rank_0.stdout.readline())
        assert rank_0.stdout.readline() == "up\n"
        assert is_alive(child)
        rank_0.kill()
        deadline = time.monotonic() + 60
        while is_alive(child):
            assert time.monotonic() < deadline
            time.sleep(0.05)


LOOKS = """
import subprocess, sys, time
from unittest.mock import Mock
from lightning.pytorch.strategies.launchers import _SubprocessScriptLauncher
from sem3d.runtime.trainer import ranks

launcher = _SubprocessScriptLauncher(Mock(), 3, 1)
trainer = Mock(strategy=Mock(launcher=launcher))
with ranks.looked_after(trainer):
    waits = [sys.executable, "-c", "import time; time.sleep(600)"]
    fails = [sys.executable, "-c", "raise SystemExit(3)"]
    launcher.procs = [subprocess.Popen(c) for c in (waits, fails)]
    print(launcher.procs[0].pid, flush=True)
    if sys.argv[1] == "waits":
        time.sleep(600)
    raise RuntimeError("connection lost")
"""


@pytest.mark.parametrize("how", ["waits", "hears of it"])
def test_rank_0_ends_with_a_sentence_when_another_rank_fails(how: str) -> None:
    line = [sys.executable, "-c", LOOKS, how]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 2
    assert done.stderr == "error: rank 2 ended with status 3; its output stands above\n"
    assert not is_alive(int(done.stdout))
