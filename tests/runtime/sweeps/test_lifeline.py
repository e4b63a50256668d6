"""A job ends when its supervisor is gone, and nobody else notices a lifeline."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sem3d.runtime.sweeps import lifeline
from tests.runtime.sweeps.processes import lives, until

JOB = """
import os, signal, sys, time
from pathlib import Path
from sem3d.runtime.sweeps import lifeline
out = Path(sys.argv[1])
lifeline.GRACE_S = 0.2
lifeline.follow()
assert lifeline.VARIABLE not in os.environ
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
child = os.fork()
if child == 0:
    time.sleep(60)
try:
    Path(f"{out}.partial").write_text(f"{os.getpid()} {child}")
    os.rename(f"{out}.partial", out)
    time.sleep(60)
except KeyboardInterrupt:
    Path(f"{out}.saved").touch()
    os.kill(child, 9)
"""
SUPERVISOR = """
import os, sys
from pathlib import Path
from sem3d.locks import Lock
from sem3d.runtime.sweeps import process
with open(os.devnull, "wb") as log:
    call = [sys.executable, "-c", sys.argv[1], *sys.argv[2:]]
    with process.started(call, os.environ, log, []) as running:
        process.wait(running, 60, lambda: False)
"""


@pytest.mark.parametrize("ears", ["open", "deaf"])
@pytest.mark.parametrize("starter", ["terminal", "nohup"])
def test_a_job_ends_with_its_supervisor(tmp_path: Path, ears: str, starter: str) -> None:
    """Also where the sweep was started by ``nohup`` or ``&`` and SIGINT was ignored."""
    out = tmp_path / "pids"
    ignored = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if starter == "nohup" else None
    call = [sys.executable, "-c", SUPERVISOR, JOB, str(out), ears]
    with subprocess.Popen(call, preexec_fn=ignored) as supervisor:
        until(out.exists)
        pids = [int(pid) for pid in out.read_text().split()]
        assert all(map(lives, pids))
        supervisor.kill()
    until(lambda: not any(map(lives, pids)))
    assert Path(f"{out}.saved").exists() == (ears == "open")


def test_outside_a_sweep_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lifeline.VARIABLE, raising=False)
    before = signal.getsignal(signal.SIGINT)
    lifeline.follow()
    assert signal.getsignal(signal.SIGINT) is before


def test_processes_of_a_job_get_no_lifeline() -> None:
    program = f"""
import os, subprocess, sys
from sem3d.runtime.sweeps import lifeline
pipe = int(os.environ[{lifeline.VARIABLE!r}])
lifeline.follow()
look = f"import os; print(os.path.exists('/proc/self/fd/{{pipe}}'), {lifeline.VARIABLE!r} in os.environ)"
print(os.path.exists(f"/proc/self/fd/{{pipe}}"), flush=True)
subprocess.run([sys.executable, "-c", look], close_fds=False, check=True)
"""  # noqa: E501
    read, write = os.pipe()
    told = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, lifeline.VARIABLE: str(read)},
        pass_fds=[read], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    os.close(read)
    os.close(write)
    assert told.split() == ["True", "False", "False"]
