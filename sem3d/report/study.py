"""A study: many evaluations by one command, and the report at its end."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, open_dict

from sem3d.runtime.cli import in_callback
from sem3d.runtime.sweeps.plan import jobs_of


class Study(Callback):
    """Hydra's callback of ``study=``: one numbered line per evaluation, then table and report.

    Args:
        table: stem of the report's tables to print, ``*`` and ``?`` as in file names.
    """

    def __init__(self, table: str) -> None:
        self.table, self.jobs = table, 0

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Count the evaluations; a checkpoint, or several, takes the place of the solvers."""
        params, overrides = config.hydra.sweeper.params, config.hydra.overrides.task
        if any(override.startswith("checkpoint=") for override in overrides):
            with open_dict(params):
                del params["solver"]
        with in_callback("evaluate"):
            self.jobs = len(jobs_of(config))
        print(f"{self.jobs} evaluations; a study that was stopped continues by the same command")

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Print what the evaluation returned; a defect is raised by Hydra at the end."""
        if job_return.status == JobStatus.COMPLETED:
            done = config.hydra.job.num + 1
            print(f"[{done}/{self.jobs}] {job_return.return_value}", flush=True)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Write the report of all results so far and print the table of the study."""
        from sem3d.report.assemble import write_report
        from sem3d.report.terminal import show

        out = Path(config.output_dir)
        with in_callback("report"):
            page, tables = write_report(out / "results", out / "runs", out / "reports" / "latest")
        for table in tables:
            if fnmatchcase(table.stem, self.table):
                show(table)
        print(page)
