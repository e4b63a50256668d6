"""What can be told to be wrong before the first job of a sweep starts."""

import shutil
from typing import Final

from omegaconf import DictConfig

from sem3d.errors import InputError
from sem3d.runtime.sweeps.slots import gpu_locks, is_queued, places, wants_gpus
from sem3d.runtime.times import seconds

MOST_LOCAL: Final = 64
"""Jobs that submitit may start on this machine: it starts all at once, two processes for each."""


def check_settings(config: DictConfig) -> None:
    """Check settings that hold for every job, on any machine.

    Args:
        config: the multirun's configuration, with Hydra's own node.

    Raises:
        InputError: a setting of the sweep does not fit.
    """
    if config.hydra.job.chdir:
        raise InputError("hydra.job.chdir=true moves paths away; leave it out of a sweep")
    seconds(config.sweep.timeout, "sweep.timeout")
    places(config, config.hydra.launcher)
    if config.sweep.halving is not None:
        from sem3d.runtime.sweeps.halving import Rule  # with Lightning, which takes seconds

        Rule.read(config.sweep.halving)


def check(config: DictConfig, jobs: int) -> None:
    """Check what holds for every job on this machine.

    Args:
        config: the multirun's configuration, with Hydra's own node.
        jobs: their number.

    Raises:
        InputError: a setting of the sweep does not fit, or what it needs is not there.
    """
    check_settings(config)
    if config.hydra.runtime.choices["hydra/launcher"] == "submitit_local" and jobs > MOST_LOCAL:
        raise InputError(
            f"hydra/launcher=submitit_local starts all {jobs} jobs at once, two processes each, to "
            f"wait for one another; above {MOST_LOCAL} jobs use hydra/launcher=joblib"
        )
    if is_queued(config.hydra.launcher):
        if not shutil.which("srun"):
            raise InputError(
                "hydra/launcher=submitit_slurm finds no srun; start it where Slurm is installed, "
                "or use hydra/launcher=submitit_local"
            )
    elif wants_gpus(config.trainer):
        gpu_locks(config.trainer.devices)
