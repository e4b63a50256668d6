from dataclasses import dataclass
from pathlib import Path

import pytest

from sem3d.errors import InputError
from sem3d.runtime.executors import slurm_watch
from sem3d.runtime.executors.slurm_watch import SlurmWatch


@dataclass
class Job:
    """As submitit shows it: the accounting knows nothing, or that it is done."""

    job_id: str
    known_done: bool = False

    def done(self) -> bool:
        return self.known_done


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command `squeue` that prints this file; every call of a watch looks."""
    (tmp_path / "squeue").write_text(f"#!/bin/sh\ncat {tmp_path}/queue\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(slurm_watch, "_LOOK_S", -1)
    return tmp_path / "queue"


def test_a_job_in_the_queue_is_not_over(squeue: Path) -> None:
    squeue.write_text("7\n12\n")
    is_over = SlurmWatch()
    assert [is_over(Job("7")) for _ in range(5)] == 5 * [False]


def test_a_job_is_over_when_the_accounting_says_so(squeue: Path) -> None:
    squeue.write_text("7\n")
    assert SlurmWatch()(Job("7", known_done=True))


def test_a_job_that_two_looks_miss_is_over(squeue: Path) -> None:
    squeue.write_text("12\n")
    is_over = SlurmWatch()
    assert [is_over(Job("7")) for _ in range(3)] == [False, True, True]
    assert not is_over(Job("12"))


def test_a_job_that_comes_back_is_not_over(squeue: Path) -> None:
    """It was requeued between the looks."""
    is_over = SlurmWatch()
    for text in ("", "7", "", "7"):
        squeue.write_text(text)
        assert not is_over(Job("7"))


def test_the_queue_is_asked_now_and_then(squeue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm_watch, "_LOOK_S", 3600)
    squeue.write_text("")
    is_over = SlurmWatch()
    assert [is_over(Job("7")) for _ in range(5)] == 5 * [False]


def test_a_slurm_that_is_silent_for_long_is_told(
    squeue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = SlurmWatch()  # there is no file to print: squeue fails
    assert [is_over(Job("7")) for _ in range(3)] == 3 * [False]
    monkeypatch.setattr(slurm_watch, "_SILENT_S", -1)
    with pytest.raises(InputError, match=r"Slurm does not answer \(.*squeue.*exit status 1"):
        is_over(Job("7"))
