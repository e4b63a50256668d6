import math
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sem3d.errors import InputError
from sem3d.runtime.executors.submitit import Submitit

pytestmark = pytest.mark.slow  # they start processes and wait for them

SBATCH = """#!/bin/sh
# runs a copy, as Slurm does: the file may move before the job starts
cp "$1" "{folder}/script"
touch "{folder}/queue/$$"
( SLURM_JOB_ID=$$ SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 \
    SLURM_JOB_NUM_NODES=1 sh "{folder}/script"; rm "{folder}/queue/$$" ) > /dev/null 2>&1 &
echo "Submitted batch job $$"
"""
SQUEUE = """#!/bin/sh
ls "{folder}/queue"
"""
SRUN = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do
    case $1 in --output|--error) shift;; esac
    shift
done
exec "$@"
"""


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared disk may be late with a result, this machine's is not."""
    monkeypatch.setattr("submitit.core.core.Job._results_timeout_s", 0.1)


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for Slurm's commands, which run a job at once and keep no accounts."""
    for name, text in (("sbatch", SBATCH), ("srun", SRUN), ("squeue", SQUEUE)):
        (tmp_path / name).write_text(text.replace("{folder}", str(tmp_path)))
        (tmp_path / name).chmod(0o755)
    for name in ("sacct", "scancel"):
        (tmp_path / name).symlink_to("/bin/true")
    (tmp_path / "queue").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def local(folder: Path, **settings: object) -> Submitit:
    return Submitit(str(folder / "logs"), cluster="local", **settings)  # type: ignore[arg-type]


def _process(job: int) -> int:
    return os.getpid()


def _die_once(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def _die(job: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _mark_and_sleep(marker: Path) -> None:
    marker.touch()
    time.sleep(0.5)


def _warn_once(marker: Path) -> str:
    """Get the signal of a job whose time is over, unless it has come before; `a` gets none."""
    if marker.name != "a" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(60)
    return marker.name


def _work(folder: Path) -> None:
    partial = folder / "partial"
    partial.write_text(str(os.getpid()))
    partial.rename(folder / "working")
    time.sleep(600)


def _command(folder: Path) -> None:
    list(local(folder)(_work, [folder]))


def test_every_job_runs_once_in_groups(tmp_path: Path) -> None:
    execute = local(tmp_path, shards_per_job=3, jobs=2)
    assert sorted(execute(math.factorial, range(7))) == [math.factorial(n) for n in range(7)]
    assert list((tmp_path / "logs").iterdir()) == []
    assert len(set(execute(_process, range(6)))) == 2


def test_an_error_in_a_job_keeps_its_type_and_what_was_finished(tmp_path: Path) -> None:
    results = local(tmp_path)(math.sqrt, [4, -1, 9])
    assert next(results) == 2
    with pytest.raises(ValueError, match="math domain"):
        next(results)


@pytest.mark.usefixtures("no_patience")
def test_a_killed_job_is_submitted_again(tmp_path: Path) -> None:
    assert list(local(tmp_path)(_die_once, [tmp_path / "died"] * 2)) == ["alive"] * 2


@pytest.mark.usefixtures("no_patience")
def test_a_job_that_is_always_killed_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the last of 2 attempts; see its log in .*logs"):
        list(local(tmp_path, retries=1)(_die, [1]))


@pytest.mark.usefixtures("no_patience")
def test_a_job_out_of_time_leaves_the_rest_to_others(tmp_path: Path) -> None:
    """Slurm warns a job by a signal; each job here does one of three before that."""
    results = local(tmp_path, retries=1, time_min=1)(_warn_once, [tmp_path / n for n in "abc"])
    assert list(results) == ["a", "b", "c"]


@pytest.mark.usefixtures("no_patience")
def test_a_full_disk_is_no_killed_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sem3d.runtime.executors.submitit._ROOM_BYTES", 2**62)
    with pytest.raises(OSError, match="No space left on device"):
        list(local(tmp_path, retries=0)(_die, [1]))


def test_jobs_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    ours = multiprocessing.get_context("spawn").Process(target=_command, args=(tmp_path,))
    ours.start()
    while not (tmp_path / "working").exists():
        assert ours.is_alive()
        time.sleep(0.02)
    worker = int((tmp_path / "working").read_text())
    ours.kill()
    ours.join()
    with pytest.raises(ProcessLookupError):  # noqa: PT012
        for _ in range(500):
            os.kill(worker, 0)
            time.sleep(0.02)


def test_closing_early_cancels_the_jobs(tmp_path: Path) -> None:
    markers = [tmp_path / f"job{n}" for n in range(4)]
    results = local(tmp_path, jobs=1, shards_per_job=1)(_mark_and_sleep, markers)
    next(results)
    results.close()
    begun = [m.exists() for m in markers]
    time.sleep(1)
    assert [m.exists() for m in markers] == begun


def test_slurm_gets_the_settings(slurm: Path) -> None:
    execute = Submitit(
        str(slurm / "logs"), partition="short", time_min=90, cpus=3, mem_gb=5, jobs=1
    )
    assert sorted(execute(math.factorial, [3, 1, 2])) == [1, 2, 6]
    script = (slurm / "script").read_text()
    for line in ("partition=short", "time=90", "cpus-per-task=3", "mem=5GB", "job-name=sem3d"):
        assert f"#SBATCH --{line}\n" in script


def test_a_slurm_job_that_vanishes_is_submitted_again(
    slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Slurm keeps no accounts, submitit would wait for its result for ever."""
    monkeypatch.setattr("sem3d.runtime.executors.slurm_watch._LOOK_S", 0.5)
    execute = Submitit(str(slurm / "logs"))
    assert list(execute(_die_once, [slurm / "died"] * 2)) == ["alive"] * 2
    with pytest.raises(InputError, match="the last of 1 attempts"):
        list(Submitit(str(slurm / "logs"), retries=0)(_die, [1]))


def test_slurm_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "srun").symlink_to("/bin/true")
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho invalid partition >&2; exit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"Slurm refuses the job \(.*invalid partition"):
        list(Submitit(str(tmp_path / "logs"))(math.sqrt, [1]))


def test_no_slurm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"cluster=slurm: .*srun.* executor\.cluster=local"):
        list(Submitit(str(tmp_path), cluster="slurm")(math.sqrt, [1]))


def test_the_package_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(InputError, match=r"the package submitit; pip install 'sem3d\[cluster\]'"):
        list(Submitit(str(tmp_path))(math.sqrt, [1]))


def test_no_job_submits_nothing(tmp_path: Path) -> None:
    assert list(local(tmp_path)(math.sqrt, [])) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{"cluster": "pbs"}, {"shards_per_job": 0}, {"mem_gb": -1}])
def test_bad_settings_are_told(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match=rf"executor\.{next(iter(settings))} is"):
        Submitit("logs", **settings)  # type: ignore[arg-type]
