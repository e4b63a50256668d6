"""Hydra's callback of a multirun of trainings: the plan at its start, the table at its end."""

import os
import shlex
from pathlib import Path
from typing import Any, Final

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from sem3d.locks import Lock
from sem3d.report.sweeps.teller import Teller
from sem3d.runtime.cli import in_callback
from sem3d.runtime.sweeps.checks import check
from sem3d.runtime.sweeps.folder import SweepFolder
from sem3d.runtime.sweeps.interrupts import stop_jobs_first
from sem3d.runtime.sweeps.plan import make_plan
from sem3d.runtime.sweeps.slots import GPUS, is_queued, visible_gpus, wants_gpus

INCOMPLETE: Final = 3
"""Exit status of a sweep some of whose jobs failed or have not finished."""

FOR_EVER_MIN: Final = 60 * 24 * 365


class Sweep(Callback):
    """Takes the sweep's folder before the first job and tells what happened after the last."""

    def __init__(self) -> None:
        self.lock: Lock | None = None
        self.teller: Teller | None = None

    def __reduce__(self) -> tuple[type["Sweep"], tuple[()]]:
        """Travel to other processes without lock and thread."""
        return Sweep, ()

    def on_multirun_start(self, config: DictConfig, config_name: str, **_: Any) -> None:
        """Write down what is going to run.

        Raises:
            SystemExit: the settings do not fit, the folder is in use, or it holds another sweep.
        """
        folder = SweepFolder(Path(config.hydra.sweep.dir))
        with in_callback(config_name):
            plan = make_plan(config_name, config, None if config.fresh else folder.known())
            check(config, len(plan.jobs))
            self.lock = folder.open(plan, extend=config.sweep.extend, fresh=config.fresh)
            jobs = folder.jobs()
        queued = is_queued(config.hydra.launcher)
        _let_run(config)
        if not queued:
            elsewhere = config.hydra.runtime.choices["hydra/launcher"] != "basic"
            stop_jobs_first(folder, self.lock, elsewhere=elsewhere)
        done = sum(job.state in ("done", "halved") for job in jobs)
        print(f"sweep {plan.name}: {len(jobs)} jobs, {done} done before, in {folder.path}")
        look = shlex.join(["python", "-m", "sem3d.sweep", "status", str(folder.path)])
        print(f"look at it: {look}", flush=True)
        if queued:
            print("jobs in the queue go on when this command ends; scancel stops them", flush=True)
        self.teller = Teller(folder)

    def on_job_end(self, job_return: JobReturn, **_: Any) -> None:
        """Let the job's configuration go: Hydra would keep those of all jobs."""
        job_return.cfg = job_return.hydra_cfg = None

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Write table and figures and print what happened.

        Raises:
            SystemExit: not every job is done.
        """
        folder = SweepFolder(Path(config.hydra.sweep.dir))
        if self.teller:
            self.teller.stop()
        with in_callback("sweep"):
            from sem3d.report.sweeps.closing import close

            print(close(folder.path))
            states = {job.state for job in folder.jobs()}
            if "waiting" in states and folder.is_futile:
                print("all these jobs failed alike before training: the rest was left out")
            elif "waiting" in states:
                print(f"the sweep has more jobs; run all by: {folder.plan().command}")
            if states - {"done", "halved"}:
                raise SystemExit(INCOMPLETE)


def _let_run(config: DictConfig) -> None:
    """Lift two limits that submitit sets on this machine.

    An hour for each job, waiting included: we have sweep.timeout. And it hides the GPUs.
    """
    if config.hydra.runtime.choices["hydra/launcher"] != "submitit_local":
        return
    if not any("launcher.timeout_min" in one for one in config.hydra.overrides.hydra):
        config.hydra.launcher.timeout_min = FOR_EVER_MIN
    if wants_gpus(config.trainer):
        os.environ[GPUS] = ",".join(visible_gpus())
