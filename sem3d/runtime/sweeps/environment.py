"""What a job's process finds around it: its GPUs, its share of cores, no rank of another run."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.locks import Lock
from sem3d.runtime.sweeps.slots import (
    GPUS,
    cores,
    gpu_locks,
    is_queued,
    one_of,
    places,
    processor_locks,
    wants_gpus,
)

RANKS: Final = (
    "LOCAL_RANK", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK",
    "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID",
)  # fmt: skip
PREFIXES: Final = ("MASTER_", "TORCHELASTIC_")


@dataclass(frozen=True)
class Room:
    """What a job has of a machine.

    Attributes:
        gpus: locks of its GPUs, by whose names they are visible.
        at_once: jobs that may run on this machine at the same time.
    """

    gpus: tuple[Lock, ...]
    at_once: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the GPUs."""
        return tuple(lock.path.stem for lock in self.gpus)


@contextmanager
def room(
    cfg: Mapping[str, Any], launcher: Any, folder: Path, waiting: Callable[[], None]
) -> Iterator[Room]:
    """Hold what a job needs of this machine, waiting until it is free.

    Jobs on GPUs wait for those alone, unless ``sweep.slots`` limits them too; a job that Slurm was
    given by itself has its cores alone.

    Args:
        cfg: the job's configuration.
        launcher: Hydra's launcher node.
        folder: of the sweep.
        waiting: called again and again while something is not free; may raise.

    Raises:
        InputError: the machine does not have it, or the job would run on several machines.
    """
    trainer, limited = cfg["trainer"], cfg["sweep"]["slots"] is not None
    if trainer["num_nodes"] != 1:
        raise InputError(
            f"trainer.num_nodes is {trainer['num_nodes']}, but a job of a sweep runs on one "
            "machine; start runs on several machines one by one"
        )
    at_once, on_gpus = places(cfg, launcher), wants_gpus(trainer)
    with ExitStack() as stack:
        if limited or not (on_gpus or is_queued(launcher)):
            stack.enter_context(one_of(processor_locks(folder, at_once), 1, waiting))
        if not on_gpus:
            yield Room((), at_once)
            return
        locks, count = gpu_locks(trainer["devices"])
        held = stack.enter_context(one_of(locks, count, waiting))
        most = len(locks) // count
        yield Room(tuple(held), min(most, at_once) if limited else most)


def environment(cfg: Mapping[str, Any], has: Room) -> dict[str, str]:
    """Return the environment of a job's process.

    Without ``OMP_NUM_THREADS`` every process of a job gets an equal share of the cores.
    """
    kept = {k: v for k, v in os.environ.items() if k not in RANKS and not k.startswith(PREFIXES)}
    kept.pop(GPUS, None)
    if has.gpus:
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(has.names)
    processes = len(has.gpus) or cfg["trainer"]["devices"]
    if isinstance(processes, int) and processes > 0:
        share = cores() // (has.at_once * processes)
        kept.setdefault("OMP_NUM_THREADS", str(max(1, share)))
    return kept
