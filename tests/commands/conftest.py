"""Real command lines on a dataset small enough for tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SMALL = (
    "dataset=layers_demo", "dataset.name=small", "geometry.shape=[16,16]",
    "dataset.splits={train: 200, val: 12, test: 6}",
)  # fmt: skip
QUICK = ("model.widths=[4,8]", "datamodule.batch_size=4", "trainer.enable_progress_bar=false")


class Commands:
    """Runs ``python -m sem3d.<name>`` with data and outputs in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def line(self, name: str, *overrides: str) -> list[str]:
        folders = []
        if name not in ("report", "validate"):
            folders.append(f"data_dir={self.folder}/data")
        if name != "generate":
            folders.append(f"output_dir={self.folder}/out")
        return [sys.executable, "-m", f"sem3d.{name}", *overrides, *folders]

    def run(self, name: str, *overrides: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(name, *overrides),
            env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def succeed(self, name: str, *overrides: str) -> str:
        done = self.run(name, *overrides)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def signal_when(
        self, ready: Callable[[], bool], signal: int, name: str, *overrides: str
    ) -> subprocess.CompletedProcess[str]:
        """Start a command and send it a signal as soon as `ready` says so."""
        with subprocess.Popen(
            self.line(name, *overrides),
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            while not ready():
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            process.send_signal(signal)
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess([name], process.returncode, out, err)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where the system lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(call, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs privileges")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
