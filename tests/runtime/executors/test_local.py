import math
import os
import signal
import time

import pytest

from sem3d.errors import InputError
from sem3d.runtime.executors.local import Processes, Serial


def test_serial_runs_each_job_when_its_result_is_wanted() -> None:
    seen: list[int] = []
    results = Serial()(lambda job: seen.append(job) or job * 2, [1, 2, 3])
    assert next(results) == 2
    assert seen == [1]
    assert list(results) == [4, 6]


def test_serial_passes_errors_on() -> None:
    with pytest.raises(ValueError, match="math domain"):
        list(Serial()(math.sqrt, [4, -1]))


def test_processes_run_every_job_once() -> None:
    assert sorted(Processes(2)(math.factorial, range(12))) == [math.factorial(n) for n in range(12)]


def test_processes_are_others() -> None:
    workers = set(Processes(2)(_process, range(8)))
    assert os.getpid() not in workers
    assert len(workers) <= 2


def _process(job: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("jobs", [[], [7]])
@pytest.mark.parametrize("workers", [None, 1, 4])
def test_a_single_job_starts_no_process(jobs: list[int], workers: int | None) -> None:
    assert set(Processes(workers)(_process, jobs)) <= {os.getpid()}


def test_an_error_in_a_worker_keeps_its_type() -> None:
    with pytest.raises(ValueError, match="math domain"):
        list(Processes(2)(math.sqrt, [-1, -4]))


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_worker_is_told(death: signal.Signals) -> None:
    with pytest.raises(InputError, match=r"a worker process died .* run the same command again"):
        list(Processes(2)(signal.raise_signal, [death, death]))


def test_closing_early_drops_the_jobs_that_have_not_begun() -> None:
    started = time.monotonic()
    results = Processes(2)(time.sleep, [0.0] + 40 * [0.25])
    next(results)
    results.close()
    assert time.monotonic() - started < 4  # all of them take 5 s
