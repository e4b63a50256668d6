"""Who may use which processor or GPU: one lock each, so that nothing is used twice.

Locks of GPUs are shared by all sweeps of a user on a machine; those of processor slots belong to
one sweep. A job that Slurm was given by itself has its processors alone and waits for no slot.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sem3d.errors import InputError
from sem3d.locks import Lock

POLL_S: Final = 0.2
GPUS: Final = "SEM3D_GPUS"
"""Environment variable: the GPUs of the sweep's command, where a launcher hides them from jobs."""


@contextmanager
def one_of(locks: Sequence[Lock], count: int, waiting: Callable[[], None]) -> Iterator[list[Lock]]:
    """Hold `count` of the locks, all at once or none while waiting, so that nobody blocks another.

    Args:
        locks: to choose from, first come first.
        count: how many.
        waiting: called again and again while not enough are free; may raise.
    """
    while len(held := _taken(locks, count)) < count:
        waiting()
        time.sleep(POLL_S)
    try:
        yield held
    finally:
        for lock in held:
            lock.release()


def _taken(locks: Sequence[Lock], count: int) -> list[Lock]:
    held: list[Lock] = []
    for lock in locks:
        if len(held) < count and lock.take():
            held.append(lock)
    if len(held) < count:
        for lock in held:
            lock.release()
        return []
    return held


def processor_locks(folder: Path, slots: int) -> list[Lock]:
    """Return the locks of the jobs that one sweep may run at a time on this machine."""
    host = os.uname().nodename
    return [Lock(folder / ".slots" / f"{host}-{number}.lock") for number in range(slots)]


def gpu_locks(wanted: Any) -> tuple[list[Lock], int]:
    """Return the locks of the GPUs to choose from, and how many a job takes.

    Args:
        wanted: ``trainer.devices``: a number, -1 or "auto" for all, or a list of numbers of GPUs.

    Raises:
        InputError: there are not as many GPUs, or `wanted` is none of these.
    """
    found = visible_gpus()
    listed = isinstance(wanted, list) or "," in str(wanted)
    text = "-1" if wanted == "auto" else str(wanted).strip("[],")
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    form = r"\d+(, ?\d+)*" if listed else r"-1|[1-9]\d*"
    if not re.fullmatch(form, text) or len(set(numbers)) < len(numbers):
        raise InputError(
            f"trainer.devices is {wanted!r}; give the number of GPUs that each job takes, "
            "-1 for all, or a list of different GPUs"
        )
    if text == "-1":
        count = len(found)
    elif listed:
        if unknown := [n for n in numbers if n >= len(found)]:
            raise InputError(
                f"trainer.devices={wanted} names GPU {unknown[0]}, but {len(found)} are visible; "
                "give the number of GPUs that each job takes"
            )
        found, count = [found[n] for n in numbers], len(numbers)
    else:
        count = numbers[0]
    if not found or count > len(found):
        raise InputError(
            f"trainer.devices={wanted} needs {_gpus(max(count, 1))}, but {len(found)} are visible; "
            "give fewer, or trainer=cpu"
        )
    folder = Path(tempfile.gettempdir()) / f"sem3d-gpus-{os.getuid()}"
    return [Lock(folder / f"{gpu}.lock") for gpu in found], count


def visible_gpus() -> list[str]:
    """Return the unique names of the GPUs (or MIG parts) that this process may use, in order.

    ``SEM3D_GPUS``, else ``CUDA_VISIBLE_DEVICES``, may hold numbers or names; numbers count as in
    ``nvidia-smi``. As with CUDA, nothing counts from the first entry on that is no device.
    """
    listed = _listed_gpus()
    chosen = os.environ.get(GPUS, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if chosen is None:
        return listed
    found = []
    for entry in filter(None, (part.strip() for part in chosen.split(","))):
        numbered = listed[int(entry) :] if entry.isdecimal() else []
        named = numbered or [name for name in listed if name.startswith(entry)]
        if not named:
            break
        found.append(named[0])
    return found


def _listed_gpus() -> list[str]:
    """Names of all GPUs as the driver lists them; a GPU in parts is named by its parts.

    Raises:
        InputError: the driver does not answer; a machine without it has none.
    """
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except OSError:
        return []
    except subprocess.SubprocessError as error:
        raise InputError(f"the GPU driver does not answer ({error}); see nvidia-smi -L") from None
    found: list[str] = []
    for line in listing.splitlines():
        name = re.search(r"UUID: ([\w-]+)\)", line)
        if name and name[1].startswith("MIG-") and found and found[-1].startswith("GPU-"):
            found[-1] = name[1]
        elif name:
            found.append(name[1])
    return found


def wants_gpus(trainer: Mapping[str, Any]) -> bool:
    """Whether a trainer takes GPUs."""
    accelerator = trainer["accelerator"]
    return accelerator in ("gpu", "cuda") or (accelerator == "auto" and bool(visible_gpus()))


def is_queued(launcher: Mapping[str, Any]) -> bool:
    """Whether each job of a sweep is one of Slurm: it has its cores alone and outlives the command.

    Args:
        launcher: Hydra's launcher node.
    """
    return str(launcher.get("_target_")).endswith("SlurmLauncher")


def places(cfg: Mapping[str, Any], launcher: Mapping[str, Any]) -> int:
    """Return how many jobs may run at a time on one machine.

    Args:
        cfg: the job's configuration.
        launcher: Hydra's launcher node; joblib's ``n_jobs`` counts where ``sweep.slots`` is null.

    Raises:
        InputError: ``sweep.slots`` is no positive number.
    """
    slots = cfg["sweep"]["slots"]
    if slots is None:
        slots = launcher.get("n_jobs") or 1
        return slots if slots > 0 else max(1, cores() + 1 + slots)
    if not isinstance(slots, int) or slots < 1:
        raise InputError(f"sweep.slots is {slots!r}; give how many jobs may run at a time, or null")
    return slots


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _gpus(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"
