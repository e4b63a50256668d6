"""Datasets written by a Dask cluster and by jobs of a queue: the bytes of one process."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.commands.conftest import SMALL, Commands
from tests.commands.test_resume import digest

pytestmark = pytest.mark.slow

WRITE = (*SMALL, "dataset.splits.train=640")
DASK = ("executor=dask", "executor.workers=2")
STORE = Path("data") / "small.zarr"


def workers(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a command started for its shards."""
    children = psutil.Process(process.pid).children()
    return [c.pid for c in children if "spawn_main" in " ".join(c.cmdline())]


@contextmanager
def writing(commands: Commands, *overrides: str) -> Iterator[subprocess.Popen[str]]:
    """A command of its own process group that has written its first shard."""
    records = commands.folder / "data" / "small.zarr" / ".records"
    with subprocess.Popen(
        commands.line("generate", *WRITE, *overrides),
        env=commands.environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        while not any(records.glob("*.json")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        yield process
        assert "Traceback" not in process.communicate(timeout=120)[1]


def test_a_dask_worker_is_killed_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    ours, plain = Commands(tmp_path / "dask"), Commands(tmp_path / "plain")
    with writing(ours, *DASK) as process:
        os.kill(workers(process)[0], signal.SIGKILL)
        assert process.poll() is None  # the worker was killed in the middle
    assert process.returncode == 0
    plain.succeed("generate", *WRITE, "executor=serial")
    assert digest(ours.folder / STORE) == digest(plain.folder / STORE)


def test_ctrl_c_ends_a_dask_cluster_without_noise_and_the_command_continues(tmp_path: Path) -> None:
    ours, plain = Commands(tmp_path / "dask"), Commands(tmp_path / "plain")
    with writing(ours, *DASK) as process:
        os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 130
    ours.succeed("generate", *WRITE, *DASK)
    plain.succeed("generate", *WRITE, "executor=serial")
    assert digest(ours.folder / STORE) == digest(plain.folder / STORE)


def test_jobs_of_a_queue_write_the_same_bytes(tmp_path: Path) -> None:
    ours, plain = Commands(tmp_path / "queue"), Commands(tmp_path / "plain")
    ours.succeed("generate", *WRITE, "executor=submitit", "executor.cluster=local")
    plain.succeed("generate", *WRITE, "executor=serial")
    assert digest(ours.folder / STORE) == digest(plain.folder / STORE)
