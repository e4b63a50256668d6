import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from sem3d.errors import InputError
from sem3d.runtime.executors.dask import Dask

pytestmark = pytest.mark.slow  # they start processes and wait for them

ROOT = Path(__file__).parents[3]
CLUSTER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
    print(cluster.scheduler_address, flush=True)
    time.sleep(60)
"""


def _process(job: int) -> int:
    return os.getpid()


def _die_once(marker: Path) -> str:
    """Kill the worker that runs this, unless one has died before."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def _die_once_then_interrupt(marker: Path) -> str:
    _die_once(marker)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.5)
    return "alive"


def _die(job: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _where(job: int) -> Path:
    time.sleep(job)
    return Path.cwd()


def test_every_job_runs_once() -> None:
    assert sorted(Dask(2)(math.factorial, range(12))) == [math.factorial(n) for n in range(12)]


def test_no_job_starts_no_cluster() -> None:
    assert list(Dask(address="tcp://nowhere:1")(math.factorial, [])) == []


def test_an_error_in_a_worker_keeps_its_type() -> None:
    with pytest.raises(ValueError, match="math domain"):
        list(Dask(1)(math.sqrt, [-1]))


def test_the_job_of_a_killed_worker_is_run_again(tmp_path: Path) -> None:
    assert list(Dask(2)(_die_once, [tmp_path / "died"] * 4)) == ["alive"] * 4
    assert (tmp_path / "died").exists()


def test_a_job_that_kills_every_worker_is_told() -> None:
    with pytest.raises(InputError, match=r"lost its worker 4 times .* run the same command again"):
        list(Dask(1)(_die, [1]))


def test_closing_early_ends_the_workers() -> None:
    results = Dask(2)(_process, range(8))
    worker = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_two_clusters_at_a_time_do_not_disturb_each_other() -> None:
    """A scheduler takes one port more than it needs, and warns when it is another's."""
    first, second = (Dask(1)(math.factorial, [n, n]) for n in (3, 4))
    assert [next(first), next(second), next(first), next(second)] == [6, 24, 6, 24]


@pytest.fixture
def start_with() -> Iterator[Callable[[object], None]]:
    """A function that says which program new processes run instead of Python."""
    resource_tracker.ensure_running()  # else it would run that program as well
    yield multiprocessing.set_executable
    multiprocessing.set_executable(sys.executable)


def test_workers_that_do_not_start_are_told(start_with: Callable[[object], None]) -> None:
    start_with("/bin/false")
    with pytest.raises(InputError, match=r"workers of the Dask cluster do not start \("):
        list(Dask(2)(math.factorial, [1, 2]))


def test_workers_that_take_for_ever_to_start_are_told(
    start_with: Callable[[object], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sem3d.runtime.executors.dask._START_S", 2)
    (tmp_path / "late").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "late").chmod(0o755)
    start_with(tmp_path / "late")
    with pytest.raises(InputError, match=r"workers of the Dask cluster do not start \("):
        list(Dask(1)(math.factorial, [1]))


def test_workers_that_do_not_start_again_are_told(
    start_with: Callable[[object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sem3d.runtime.executors.dask._START_S", 20)
    results = Dask(1)(_process, range(3))
    worker = next(results)
    start_with("/bin/false")
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(InputError, match=r"lost all workers and got no new one; finished shards"):
        list(results)


def test_a_worker_that_does_not_answer_is_ended() -> None:
    results = Dask(2)(_process, [*range(8)])
    worker = next(results)
    os.kill(worker, signal.SIGSTOP)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_workers_leave_an_interrupt_to_the_command(tmp_path: Path) -> None:
    """Also those that take the place of a lost one."""
    marker = tmp_path / "died"
    assert list(Dask(1)(_die_once_then_interrupt, [marker])) == ["alive"]


@pytest.fixture(params=[str(ROOT)])
def scheduler(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A cluster of somebody else, in another folder, and its address."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    environment = {**os.environ, "PYTHONPATH": request.param}
    with subprocess.Popen(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_an_existing_scheduler_works_in_the_folder_of_the_command_and_may_go_away(
    scheduler: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = scheduler
    assert list(Dask(address=address)(_where, [0, 0])) == [Path.cwd()] * 2
    results = Dask(address=address)(_where, [0, 60])
    next(results)
    process.kill()
    with pytest.raises(InputError, match=r"went away; finished shards are kept, .* continues once"):
        next(results)


def test_a_folder_that_workers_do_not_see_is_told(
    scheduler: tuple[subprocess.Popen[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/nowhere"))
    with pytest.raises(InputError, match="does not see /nowhere"):
        list(Dask(address=scheduler[1])(_where, [0]))


@pytest.mark.parametrize("scheduler", [""], indirect=True)
def test_a_scheduler_of_another_environment_is_told(
    scheduler: tuple[subprocess.Popen[str], str],
) -> None:
    """It does not know this module."""
    with pytest.raises(InputError, match="start it and its workers with the Python environment"):
        list(Dask(address=scheduler[1])(_where, [0]))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_a_scheduler_that_does_not_answer_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(InputError, match=f"{address}: no Dask scheduler answers"),
    ):
        list(Dask(address=address)(math.sqrt, [1]))


def test_the_package_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        InputError, match=r"the package distributed; pip install 'sem3d\[cluster\]'"
    ):
        list(Dask()(math.sqrt, [1]))


def test_workers_are_one_or_more() -> None:
    with pytest.raises(InputError, match=r"executor\.workers is 0"):
        Dask(0)
