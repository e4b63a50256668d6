"""What a job's process finds around it: its GPUs, its share of cores, no rank of another run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.runtime.sweeps.slots import cores, gpu_locks, one_of, places, processor_locks

RANKS: Final = (
    "LOCAL_RANK", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK",
    "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID",
)  # fmt: skip
PREFIXES: Final = ("MASTER_", "TORCHELASTIC_")


@contextmanager
def room(cfg: Mapping[str, Any], launcher: Any, folder: Path, place: str) -> Iterator[list[str]]:
    """Hold what a job needs of this machine, waiting until it is free; yield the names of its GPUs.

    Args:
        cfg: the job's configuration.
        launcher: Hydra's launcher node.
        folder: of the sweep.
        place: the job, for the line that tells of waiting.

    Raises:
        InputError: the machine does not have it, or the job would run on several machines.
    """
    trainer = cfg["trainer"]
    if trainer["num_nodes"] != 1:
        raise InputError(
            f"trainer.num_nodes is {trainer['num_nodes']}, but a job of a sweep runs on one "
            "machine; start runs on several machines one by one"
        )

    def waiting() -> None:
        print(f"{place}: waits for a free place", flush=True)

    with ExitStack() as stack:
        if "SLURM_JOB_ID" not in os.environ or cfg["sweep"]["slots"] is not None:
            slots = processor_locks(folder, places(cfg, launcher))
            stack.enter_context(one_of(slots, 1, waiting))
        gpus: list[str] = []
        if trainer["accelerator"] in ("gpu", "cuda"):
            locks = stack.enter_context(one_of(*gpu_locks(trainer["devices"]), waiting))
            gpus = [lock.path.stem for lock in locks]
        yield gpus


def environment(cfg: Mapping[str, Any], launcher: Any, gpus: list[str]) -> dict[str, str]:
    """Return the environment of a job's process.

    Without ``OMP_NUM_THREADS`` every process of a job gets an equal share of the cores.
    """
    kept = {k: v for k, v in os.environ.items() if k not in RANKS and not k.startswith(PREFIXES)}
    if gpus:
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    processes = len(gpus) or cfg["trainer"]["devices"]
    if isinstance(processes, int) and processes > 0 and "SLURM_JOB_ID" not in os.environ:
        share = cores() // (places(cfg, launcher) * processes)
        kept.setdefault("OMP_NUM_THREADS", str(max(1, share)))
    return kept
