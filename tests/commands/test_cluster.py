"""Datasets written by worker processes, a Dask cluster and jobs of a queue, whatever breaks.

The bytes are those of one process in every case.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.commands.conftest import SMALL, Commands
from tests.commands.test_resume import digest

pytestmark = pytest.mark.slow

WRITE = (*SMALL, "dataset.splits.train=640")
STORE = Path("data") / "small.zarr"
EXECUTORS = {
    "processes": ("executor=processes", "executor.workers=2"),
    "dask": ("executor=dask", "executor.workers=2"),
    "submitit": ("executor=submitit", "executor.cluster=local", "executor.shards_per_job=4"),
}
every_executor = pytest.mark.parametrize("executor", EXECUTORS)
CLUSTER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
    print(cluster.scheduler_address, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of the files that one process writes."""
    plain = Commands(tmp_path_factory.mktemp("plain"))
    plain.succeed("generate", *WRITE, "executor=serial")
    return digest(plain.folder / STORE)


@pytest.fixture
def ours(tmp_path: Path) -> Commands:
    """Commands whose processes, and those that these start, can be told from all others."""
    commands = Commands(tmp_path / "ours")
    commands.environment["SEM3D_TEST"] = str(tmp_path)
    return commands


def processes(commands: Commands) -> dict[int, str]:
    """Command lines of all living processes of `commands`, parents or not."""
    mark = f"SEM3D_TEST={commands.environment['SEM3D_TEST']}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return found


def workers(commands: Commands) -> list[int]:
    """The processes that write shards."""
    names = ("spawn_main", "submitit.core._submit")
    return [pid for pid, line in processes(commands).items() if any(n in line for n in names)]


def all_end(commands: Commands) -> bool:
    """True as soon as no process of `commands` is left, False when some stay."""
    for _ in range(250):
        if not processes(commands):
            return True
        time.sleep(0.02)
    return False


@contextmanager
def writing(commands: Commands, *overrides: str) -> Iterator[subprocess.Popen[str]]:
    """A command of its own process group that has written its first shard."""
    records = commands.folder / STORE / ".records"
    with subprocess.Popen(
        commands.line("generate", *WRITE, *overrides),
        env=commands.environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        while not any(records.glob("*.json")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        yield process
        process.error = process.communicate(timeout=120)[1]  # type: ignore[attr-defined]
        assert "Traceback" not in process.error  # type: ignore[attr-defined]


@every_executor
def test_every_executor_writes_the_same_bytes(
    executor: str, ours: Commands, whole: dict[str, str]
) -> None:
    ours.succeed("generate", *WRITE, *EXECUTORS[executor])
    assert digest(ours.folder / STORE) == whole


@every_executor
def test_a_worker_is_killed_in_the_middle(
    executor: str, ours: Commands, whole: dict[str, str]
) -> None:
    with writing(ours, *EXECUTORS[executor]) as process:
        os.kill(workers(ours)[0], signal.SIGKILL)
        assert process.poll() is None
    if executor == "processes":
        assert process.returncode == 2
        assert "a worker process died" in process.error  # type: ignore[attr-defined]
        ours.succeed("generate", *WRITE, *EXECUTORS[executor])
    assert process.returncode in (0, 2)
    assert digest(ours.folder / STORE) == whole


@every_executor
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_no_process_and_continues(
    executor: str, how: int, ours: Commands, whole: dict[str, str]
) -> None:
    with writing(ours, *EXECUTORS[executor]) as process:
        assert workers(ours)
        (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
    assert process.returncode == (130 if how == signal.SIGINT else -9)
    assert all_end(ours), processes(ours)
    ours.succeed("generate", *WRITE, *EXECUTORS[executor])
    assert digest(ours.folder / STORE) == whole


def test_the_scheduler_disappears(ours: Commands, tmp_path: Path, whole: dict[str, str]) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=ours.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as cluster:  # fmt: skip
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        with writing(ours, "executor=dask", f"executor.address={address}") as process:
            cluster.kill()
    assert process.returncode == 2
    told = f"error: the Dask scheduler {address} went away; finished shards are kept"
    assert told in process.error  # type: ignore[attr-defined]
    assert any((ours.folder / STORE / ".records").glob("*.json"))
    assert all_end(ours), processes(ours)
    ours.succeed("generate", *WRITE, *EXECUTORS["dask"])
    assert digest(ours.folder / STORE) == whole


@pytest.mark.parametrize("executor", ["serial", *EXECUTORS])
def test_a_full_disk(executor: str, small_disk: Path, whole: dict[str, str]) -> None:
    ours = Commands(small_disk)
    overrides = (*WRITE, *EXECUTORS.get(executor, ("executor=serial",)))
    failed = ours.run("generate", *overrides)
    assert failed.returncode == 2
    assert failed.stderr.splitlines()[-1].startswith("error: the disk is full")
    assert "Traceback" not in failed.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    ours.succeed("generate", *overrides)
    assert digest(ours.folder / STORE) == whole
