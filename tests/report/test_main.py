"""The command takes its folders from the command line and tells errors in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(tmp_path):
    def run_command():
        places = [f"{name}={tmp_path / name}" for name in ("results", "runs", "out")]
        return subprocess.run(
            [sys.executable, "-m", "sem3d.report", *places],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run_command


def test_command_prints_where_the_report_is(command, write, edit, tmp_path):
    edit(write("a", "unet"), "dataset", "split", "val")
    done = command()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split()
    assert lines[-1].replace("\n", "") == str(tmp_path / "out" / "report.html")
    assert (tmp_path / "out" / "all_results.csv").exists()


def test_missing_results_exit_with_status_2(command):
    done = command()
    assert done.returncode == 2
    assert "no result files under" in done.stderr
    assert "Traceback" not in done.stderr
