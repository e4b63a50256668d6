"""Each job of a multirun in an interpreter of its own.

A Lightning process started for another rank would otherwise run the whole sweep again, GPU
memory and loggers would leak from job to job, and one crash would end them all.
"""

import os
import shlex
import subprocess
import sys
from typing import Any, Final

from sem3d.errors import InputError

RANK_VARIABLES: Final = ("LOCAL_RANK", "RANK", "WORLD_SIZE", "NODE_RANK", "GROUP_RANK")


def run_isolated(name: str, hydra_config: Any) -> None:
    """Run one job as ``python -m sem3d.<name>`` in the folder Hydra chose for it.

    Raises:
        InputError: the job failed; its own output tells why.
    """
    folder = os.path.join(hydra_config.sweep.dir, hydra_config.sweep.subdir)  # noqa: PTH118
    arguments = [a for a in hydra_config.overrides.task if not a.startswith("folder=")]
    call = [sys.executable, "-m", f"sem3d.{name}", *arguments, f"folder={_quoted(folder)}"]
    environment = {
        k: v
        for k, v in os.environ.items()
        if k not in RANK_VARIABLES and not k.startswith("MASTER_")
    }
    print(f"[{hydra_config.job.num}] {shlex.join(call[1:])}", flush=True)
    status = subprocess.run(call, env=environment, check=False).returncode
    if status in (130, -2):
        raise KeyboardInterrupt
    if status:
        raise InputError(f"job {folder} ended with status {status}; see its output above")


def _quoted(value: str) -> str:
    """Quote a value for Hydra's override grammar."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
