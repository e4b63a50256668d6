"""Several processes started by Lightning, torchrun and srun: stopped, killed, and continued."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from tests.commands.conftest import QUICK, SMALL, Commands

pytestmark = pytest.mark.slow

TRAIN = (*SMALL, *QUICK, "trainer.max_epochs=2", "checkpoint.every_minutes=0", "name=run")
PAIR = (*TRAIN, "trainer=ddp_cpu")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m")


def run_folder(commands: Commands) -> Path:
    return commands.folder / "out" / "runs" / "run"


def weights(commands: Commands) -> dict[str, torch.Tensor]:
    last = run_folder(commands) / "checkpoints" / "last.ckpt"
    return torch.load(last, weights_only=True)["state_dict"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def scores(commands: Commands) -> list[float]:
    with (run_folder(commands) / "metrics.csv").open() as f:
        return [float(r["value"]) for r in csv.DictReader(f) if r["name"].startswith("val/")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    commands = Commands(tmp_path_factory.mktemp("whole"))
    commands.succeed("train", *PAIR)
    return commands


@pytest.fixture
def broken(undisturbed: Commands, tmp_path: Path) -> Commands:
    """The same data, and a run folder of its own."""
    (tmp_path / "data").symlink_to(undisturbed.folder / "data")
    return Commands(tmp_path)


def ranks(commands: Commands) -> dict[int, int]:
    """Process ids of the living trainings in this folder by local rank, torchrun itself as -1."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line, environment = ((path / n).read_bytes() for n in ("cmdline", "environ"))
        except OSError:  # it has ended
            continue
        if str(commands.folder).encode() in line:
            given = dict(e.split(b"=", 1) for e in environment.split(b"\0") if b"=" in e)
            rank = given.get(b"LOCAL_RANK", b"-1" if b"torch.distributed" in line else b"0")
            found[int(rank)] = int(path.name)
    return found


@contextmanager
def started(commands: Commands, *line: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command, wait for its first checkpoint inside an epoch, and leave nothing of it."""
    log = (commands.folder / "log").open("a+")
    environment = {**commands.environment, **more}
    process = subprocess.Popen(line, env=environment, stdout=log, stderr=log, text=True)
    try:
        while not (run_folder(commands) / "checkpoints" / "last.ckpt").is_file():
            assert process.poll() is None, (commands.folder / "log").read_text()
            time.sleep(0.02)
        yield process
    finally:
        for pid in ranks(commands).values():
            os.kill(pid, signal.SIGKILL)
        process.wait()
        log.close()


def ended(commands: Commands, process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and output of a command once none of its processes is left."""
    status = process.wait(timeout=100)
    deadline = time.monotonic() + 30
    while left := ranks(commands):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    return status, (commands.folder / "log").read_text()


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_ends_the_others_and_the_run_continues(
    undisturbed: Commands, broken: Commands, rank: int
) -> None:
    with started(broken, *broken.line("train", *PAIR)) as process:
        os.kill(ranks(broken)[rank], signal.SIGKILL)
        status, told = ended(broken, process)
    assert status == (-9 if rank == 0 else 2)
    if rank == 1:
        assert "error: rank 1 was killed by signal 9; run the same command again" in told
    assert not (run_folder(broken) / "done.json").exists()
    broken.succeed("train", *PAIR)
    assert same(weights(broken), weights(undisturbed))


@pytest.mark.parametrize(
    ("how", "reached"),
    [(signal.SIGTERM, (0,)), (signal.SIGTERM, (1,)), (signal.SIGUSR1, (0, 1))],
    ids=["SIGTERM to rank 0", "SIGTERM to rank 1", "SIGUSR1 to both"],
)
def test_a_signal_to_any_rank_stops_all_between_two_steps(
    undisturbed: Commands, broken: Commands, how: signal.Signals, reached: tuple[int, ...]
) -> None:
    with started(broken, *broken.line("train", *PAIR)) as process:
        for rank in reached:
            os.kill(ranks(broken)[rank], how)
        status, told = ended(broken, process)
    assert status == 128 + how
    assert told.count(f"interrupted by {how.name} at step") == 1
    assert "Traceback" not in told
    broken.succeed("train", *PAIR)
    assert same(weights(broken), weights(undisturbed))


def test_torchrun_gives_the_same_run_and_passes_a_stop_on(
    undisturbed: Commands, broken: Commands
) -> None:
    stale = run_folder(broken)
    stale.mkdir(parents=True)
    (stale / "statistics.json").write_text("{")  # rank 1 must wait for its rank 0's
    line = [*TORCHRUN, *broken.line("train", *PAIR)[2:]]
    with started(broken, *line) as process:
        os.kill(ranks(broken)[-1], signal.SIGTERM)
        status, told = ended(broken, process)
    assert status == 1  # torchrun's own
    assert told.count("interrupted by SIGTERM at step") == 1
    assert not (stale / "done.json").exists()
    done = subprocess.run(line, env=broken.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("validation mIoU") == 1
    assert same(weights(broken), weights(undisturbed))


def test_a_killed_torchrun_leaves_no_rank(broken: Commands) -> None:
    with started(broken, *TORCHRUN, *broken.line("train", *PAIR)[2:]) as process:
        os.kill(ranks(broken)[-1], signal.SIGKILL)
        status, _ = ended(broken, process)
    assert status == -9


def slurm(node: int, port: int) -> dict[str, str]:
    """What srun tells the task of one of two nodes, which are both this machine."""
    return {
        "SLURM_JOB_ID": "1234", "SLURM_JOB_NAME": "sem3d", "SLURM_NODELIST": "127.0.0.1",
        "SLURM_NNODES": "2", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "1",
        "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": str(node), "SLURM_LOCALID": "0",
        "SLURM_NODEID": str(node), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip


def test_two_nodes_of_slurm_give_the_same_run(undisturbed: Commands, broken: Commands) -> None:
    cpu = ("trainer=slurm", "trainer.accelerator=cpu", "trainer.precision=32-true")
    line = broken.line("train", *TRAIN, *cpu)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    second = subprocess.Popen(line, env=broken.environment | slurm(1, port))
    with started(broken, *line, **slurm(0, port)) as first:
        for process in (first, second):  # as sbatch --signal=USR1@120 does
            process.send_signal(signal.SIGUSR1)
        status, told = ended(broken, first)
    assert (status, second.wait()) == (138, 0)
    assert told.count("interrupted by SIGUSR1 at step") == 1
    assert not list(broken.folder.rglob("hpc_ckpt*"))  # Lightning's own requeueing keeps out
    broken.succeed("train", *PAIR)
    assert same(weights(broken), weights(undisturbed))
    assert scores(broken) == scores(undisturbed)
