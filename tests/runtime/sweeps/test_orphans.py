"""A job whose sweep is gone."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from sem3d.runtime.sweeps.folder import SweepFolder, read_record
from tests.runtime.sweeps.processes import until
from tests.runtime.sweeps.programs import CFG, POLITE, RAISE

WORKER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from sem3d.runtime.sweeps import job, process
process.POLL_S = 0.05
job._call = lambda *a: [sys.executable, "-c", sys.argv[3]]
hydra = SimpleNamespace(sweep=SimpleNamespace(dir=sys.argv[1]), launcher={"_target_": sys.argv[4]},
    overrides=SimpleNamespace(task=["optimizer.lr=0.1"]))
import json
print(job.run_job("train", lambda: json.loads(sys.argv[2]), hydra), flush=True)
"""


def worker(
    sweep: SweepFolder, program: str, launcher: str = "a.JoblibLauncher"
) -> subprocess.Popen[str]:
    call = [sys.executable, "-c", WORKER, str(sweep.path), json.dumps(CFG), program, launcher]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_worker_without_its_sweep_stops_its_job_and_ends(
    sweep: SweepFolder, planned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")  # joblib in a batch script: nobody outlives the sweep
    lock = sweep.open(planned("0.1"), extend=False, fresh=False)
    with worker(sweep, POLITE) as process:
        log = sweep.path / "lr-0.1" / "job.log"
        until(lambda: log.is_file() and "ready" in log.read_text())
        lock.release()
        assert process.communicate(timeout=60)[0] == ""
        assert process.returncode == 1
    assert read_record(sweep.path / "lr-0.1").state == "interrupted"
    with worker(sweep, POLITE) as process:
        assert process.communicate(timeout=60)[0] == ""
    assert read_record(sweep.path / "lr-0.1").attempts == 1


def test_a_sweep_whose_folder_is_deleted_ends_with_a_sentence(
    sweep: SweepFolder, planned: Any
) -> None:
    lock = sweep.open(planned("0.1"), extend=False, fresh=False)
    with worker(sweep, POLITE) as process:
        log = sweep.path / "lr-0.1" / "job.log"
        until(lambda: log.is_file() and "ready" in log.read_text())
        shutil.rmtree(sweep.path)
        told = process.communicate(timeout=60)[1]
    assert told.rstrip().endswith("was deleted while its sweep ran; start it again")
    lock.release()


def test_a_job_of_slurm_needs_no_sweep(sweep: SweepFolder, planned: Any) -> None:
    sweep.open(planned("0.1"), extend=False, fresh=False).release()
    with worker(sweep, RAISE, "a.SlurmLauncher") as process:
        assert process.communicate(timeout=60)[0] == "failed\n"
    assert process.returncode == 0
