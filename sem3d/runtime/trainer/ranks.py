"""The processes of one training: who started them, what they agree on, and none left alone.

Three ways start them: Lightning (one machine), torchrun, or srun of Slurm (one machine or more).
"""

import atexit
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import torch.distributed as dist
from lightning.fabric.plugins import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch import Trainer
from lightning.pytorch.strategies.launchers import _SubprocessScriptLauncher

from sem3d.errors import InputError

PARENT: Final = "SEM3D_RANK_0"
"""Environment variable: the process that starts the other ranks of its machine."""

DATASET_TIMEOUT: Final = timedelta(hours=1)
"""How long other ranks wait for rank 0 to write and measure a dataset."""

TIMEOUT: Final = timedelta(minutes=30)
"""Longest wait for another rank during the training, Lightning's own value."""

LOOK_S: Final = 0.5
"""Between two looks at the other processes."""


def environment() -> ClusterEnvironment:
    """How the processes of this training were started.

    Inside a Slurm allocation, too, a command that srun did not start several times starts its
    processes itself.

    Raises:
        InputError: srun was not told the tasks per node.
    """
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    if "SLURM_PROCID" not in os.environ or int(os.environ.get("SLURM_STEP_NUM_TASKS", 1)) == 1:
        return LightningEnvironment()
    if "SLURM_NTASKS_PER_NODE" not in os.environ:
        raise InputError("srun was given no --ntasks-per-node; give one task per device of a node")
    return SLURMEnvironment(auto_requeue=False)


def check(trainer: Trainer, started: ClusterEnvironment) -> None:
    """Refuse a trainer that asks for other processes than were started: they would wait for ever.

    Raises:
        InputError: naming both numbers.
    """
    asked = f"trainer.devices and trainer.num_nodes ask for {_asked(trainer)} processes"
    if isinstance(started, LightningEnvironment):
        if trainer.num_nodes > 1:
            raise InputError(
                f"trainer.num_nodes is {trainer.num_nodes} but nobody started the other nodes; "
                "start the training with torchrun or srun (docs/scale.md)"
            )
    elif started.world_size() != _asked(trainer):
        by = "srun" if isinstance(started, SLURMEnvironment) else "torchrun"
        raise InputError(
            f"{by} started {started.world_size()} processes but {asked}; make them equal"
        )


def _asked(trainer: Trainer) -> int:
    return trainer.num_devices * trainer.num_nodes


def from_first(trainer: Trainer, make: Callable[[], Any], read: Callable[[], Any]) -> Any:
    """Return what rank 0 makes, on every rank.

    Lightning starts the other ranks of a machine when rank 0 has made it, so they read it. Ranks
    started together are told it: a file may be left from an earlier attempt.

    Args:
        trainer: of this process.
        make: called on rank 0 alone; not None.
        read: reads what rank 0 has written.

    Raises:
        SystemExit: on the other ranks, when rank 0 could not make it and tells why.
    """
    started = getattr(trainer.strategy, "cluster_environment", None)
    if trainer.world_size == 1 or started is None or isinstance(started, LightningEnvironment):
        return make() if trainer.is_global_zero else read()
    waiting = _join(trainer, started)
    told = [None]
    try:
        if trainer.is_global_zero:
            told = [make()]
    finally:
        dist.broadcast_object_list(told, group=waiting)
        del waiting  # the frames of an error would keep it, see disconnect_at_exit
    if told[0] is None:
        raise SystemExit(2)
    return told[0]


def _join(trainer: Trainer, started: ClusterEnvironment) -> Any:
    """Connect the ranks as Lightning will later find them; return a group that may wait long."""
    os.environ["MASTER_ADDR"] = started.main_address
    os.environ["MASTER_PORT"] = str(started.main_port)
    backend = "nccl" if trainer.strategy.root_device.type == "cuda" else "gloo"
    dist.init_process_group(
        backend, rank=started.global_rank(), world_size=started.world_size(),
        timeout=TIMEOUT,
    )  # fmt: skip
    return dist.new_group(backend="gloo", timeout=DATASET_TIMEOUT)


def disconnect_at_exit() -> None:
    """Let this process leave the others before its interpreter ends.

    A thread of gloo that frees a tensor any later aborts the process, though all is done. These
    threads end with the last reference to their group.
    """
    atexit.register(_disconnect)


def _disconnect() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
        gc.collect()  # a network that was trained in parallel holds its group in a cycle


def end_with_parent() -> None:
    """Let a rank that Lightning or torchrun started end when its starter is gone.

    It would wait for ever for a rank 0 that was killed. srun cleans up itself.
    """
    if "LOCAL_RANK" not in os.environ:
        os.environ[PARENT] = str(os.getpid())
        return
    parent = os.getppid() if TorchElasticEnvironment.detect() else int(os.environ[PARENT])
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


@contextmanager
def looked_after(trainer: Trainer) -> Iterator[None]:
    """End rank 0 in one sentence when a rank that it has started fails.

    Lightning's own watch would kill it some seconds later and say nothing.
    """
    launcher = trainer.strategy.launcher
    if not isinstance(launcher, _SubprocessScriptLauncher):
        yield
        return
    over = threading.Event()
    threading.Thread(target=_look_after, args=(launcher, over), daemon=True).start()
    try:
        yield
    except RuntimeError:
        time.sleep(4 * LOOK_S)  # a lost connection: the watch knows why
        raise
    finally:
        over.set()


def _look_after(launcher: _SubprocessScriptLauncher, over: threading.Event) -> None:
    failed: list[str] = []
    while not failed:
        if over.wait(LOOK_S):
            return
        failed = told_failures([p.poll() for p in launcher.procs])
    print(f"error: {failed[0]}", file=sys.stderr, flush=True)
    launcher.kill(signal.SIGKILL)
    os._exit(2)


def told_failures(statuses: Sequence[int | None]) -> list[str]:
    """One sentence for each of the ranks 1, 2, ... that has failed.

    Args:
        statuses: exit status of each, None while it runs.
    """
    found = []
    for rank, status in enumerate(statuses, 1):
        if status and status < 0:
            found.append(
                f"rank {rank} was killed by signal {-status}; run the same command again to "
                "continue from the last checkpoint"
            )
        elif status:
            found.append(f"rank {rank} ended with status {status}; its output stands above")
    return found
