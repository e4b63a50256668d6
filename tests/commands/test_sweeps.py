"""Sweeps as users start them: finished, killed, failed, hanging, on a full disk, resumed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import SMALL, Commands

pytestmark = pytest.mark.slow

RATES = ("0.001", "0.002", "0.003")
BASE = (
    *SMALL[:3], "dataset.splits={train: 24, val: 4, test: 2}", "model=conv3",
    "datamodule.batch_size=2", "trainer.enable_progress_bar=false",
)  # fmt: skip
GRID = ("-m", f"optimizer.lr={','.join(RATES)}", *BASE, "sweep.name=grid")
SHORT, LONG = ("trainer.max_epochs=2",), ("trainer.max_epochs=40",)
LAUNCHERS = {
    "basic": (),
    "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
    "submitit": ("hydra/launcher=submitit_local", "sweep.slots=2"),
}


class Sweep:
    """One sweep's folder and the commands that run it."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands
        self.folder = commands.folder / "out" / "sweeps" / "grid"

    def job(self, rate: str) -> Path:
        return self.folder / f"lr-{rate}"

    def record(self, rate: str) -> dict:
        return json.loads((self.job(rate) / "job.json").read_text())

    def states(self) -> list[str]:
        return [self.record(rate)["state"] for rate in RATES]

    def curve(self, rate: str) -> dict[tuple[str, str], str]:
        """Validation scores; the loss of an epoch in two parts is that of its second part."""
        with (self.job(rate) / "metrics.csv").open() as f:
            rows = [row for row in csv.DictReader(f) if row["name"].startswith("val/")]
        assert rows
        return {(row["step"], row["name"]): row["value"] for row in rows}

    def trains(self, rate: str, epochs: int = 2) -> Callable[[], bool]:
        """Whether a job has logged so many epochs."""
        metrics = self.job(rate) / "metrics.csv"
        return lambda: metrics.is_file() and metrics.read_text().count("train/loss") >= epochs

    def start(self, *overrides: str) -> subprocess.Popen[str]:
        """Start the sweep in a session of its own, as a terminal does."""
        return subprocess.Popen(
            self.commands.line("train", *GRID, *overrides), env=self.commands.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def is_gone(self) -> bool:
        """No process of this sweep is left."""
        own = str(self.folder.parents[2]).encode()
        return not any(own in line for pid, line in processes().items() if pid != os.getpid())


def processes() -> dict[int, bytes]:
    """Command lines of all processes."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_bytes()
        except OSError:
            continue
    return found


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.fixture
def sweep(commands: Commands) -> Sweep:
    return Sweep(commands)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    sweep = Sweep(Commands(tmp_path_factory.mktemp("undisturbed")))
    sweep.commands.succeed("train", *GRID, *LONG)
    return sweep


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_settings_of_one_job_that_are_not_whole_fail_it_alone(
    commands: Commands, launcher: str
) -> None:
    line = ("-m", "dataset=store,layers_demo", *BASE[1:], *SHORT, "sweep.name=grid")
    done = commands.run("train", *line, *LAUNCHERS[launcher])
    assert done.returncode == 3, done.stderr
    sweep = Sweep(commands)
    records = [json.loads((sweep.folder / f"dataset-{name}" / "job.json").read_text())
               for name in ("store", "layers_demo")]  # fmt: skip
    assert [record["state"] for record in records] == ["failed", "done"]
    assert "dataset.root is not set; give dataset.root=..." in records[0]["reason"]
    assert "job.log" not in done.stdout.split("failed 1x")[1]  # it has none


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_sweep_ends_with_a_table_and_is_not_run_twice(sweep: Sweep, launcher: str) -> None:
    out = sweep.commands.succeed("train", *GRID, *SHORT, *LAUNCHERS[launcher])
    assert "3 jobs, 0 done before" in out
    for number, rate in enumerate(RATES, 1):
        assert f"[{number}/3] lr-{rate}: starts" in out
        assert f"[{number}/3] lr-{rate}: done after" in out
    assert sweep.states() == ["done"] * 3
    assert {"table.csv"} < {path.name for path in sweep.folder.iterdir()}
    before = {rate: (sweep.job(rate) / "done.json").stat().st_mtime_ns for rate in RATES}
    again = sweep.commands.succeed("train", *GRID, *SHORT, *LAUNCHERS[launcher])
    assert "3 jobs, 3 done before" in again
    assert "starts" not in again
    assert before == {rate: (sweep.job(rate) / "done.json").stat().st_mtime_ns for rate in RATES}
    look = [sys.executable, "-m", "sem3d.sweep", "status", str(sweep.folder)]
    status = subprocess.run(look, capture_output=True, text=True, check=True).stdout
    assert "3 done" in status


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_killed_sweep_goes_on_as_if_nothing_had_happened(
    sweep: Sweep, undisturbed: Sweep, launcher: str
) -> None:
    process = sweep.start(*LONG, *LAUNCHERS[launcher])
    wait_for(sweep.trains(RATES[0]), process)
    process.kill()
    process.communicate(timeout=60)
    wait_for(sweep.is_gone)
    assert not (sweep.job(RATES[0]) / "done.json").exists()
    out = sweep.commands.succeed("train", *GRID, *LONG, *LAUNCHERS[launcher])
    assert "attempt 2" in out
    assert sweep.states() == ["done"] * 3
    for rate in RATES:
        assert sweep.curve(rate) == undisturbed.curve(rate)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_ctrl_c_saves_and_stops(sweep: Sweep, undisturbed: Sweep, launcher: str) -> None:
    process = sweep.start(*LONG, *LAUNCHERS[launcher])
    wait_for(sweep.trains(RATES[0]), process)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again to continue" in out
    wait_for(sweep.is_gone)
    assert "interrupted at step" in (sweep.job(RATES[0]) / "job.log").read_text()
    sweep.commands.succeed("train", *GRID, *LONG, *LAUNCHERS[launcher])
    assert sweep.curve(RATES[0]) == undisturbed.curve(RATES[0])


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_kill_saves_and_stops(sweep: Sweep, launcher: str) -> None:
    """As queues and containers end a command."""
    process = sweep.start(*LONG, *LAUNCHERS[launcher])
    wait_for(sweep.trains(RATES[0]), process)
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "waits for the running jobs to save" in out
    assert "run the same command again to continue" in out
    assert sweep.record(RATES[0])["state"] == "interrupted"
    assert "interrupted at step" in (sweep.job(RATES[0]) / "job.log").read_text()
    wait_for(sweep.is_gone)


def test_a_killed_job_is_recorded_and_the_rest_go_on(sweep: Sweep, undisturbed: Sweep) -> None:
    process = sweep.start(*LONG)
    wait_for(sweep.trains(RATES[1]), process)
    os.kill(sweep.record(RATES[1])["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 3
    assert sweep.states() == ["done", "failed", "done"]
    assert "SIGKILL" in sweep.record(RATES[1])["reason"]
    assert "SIGKILL" in out
    out = sweep.commands.succeed("train", *GRID, *LONG)
    assert f"lr-{RATES[1]}: starts, attempt 2" in out
    assert sweep.curve(RATES[1]) == undisturbed.curve(RATES[1])


def test_a_killed_rank_of_ddp_fails_its_job_only(sweep: Sweep) -> None:
    process = sweep.start(*LONG, "trainer=ddp_cpu", "datamodule.batch_size=2")
    wait_for(sweep.trains(RATES[0]), process)
    first = sweep.record(RATES[0])["pid"]
    job = str(sweep.job(RATES[0])).encode()
    (rank,) = (pid for pid, line in processes().items() if job in line and pid != first)
    os.kill(rank, signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 3, out
    assert sweep.states() == ["failed", "done", "done"]
    assert sweep.is_gone()
    sweep.commands.succeed("train", *GRID, *LONG, "trainer=ddp_cpu", "datamodule.batch_size=2")
    assert sweep.states() == ["done"] * 3


def test_a_job_that_raises_leaves_its_traceback(sweep: Sweep) -> None:
    failed = sweep.commands.run("train", *GRID, *SHORT, "seed=0,-5", "optimizer.lr=0.001")
    assert failed.returncode == 3
    record = json.loads((sweep.folder / "seed--5" / "job.json").read_text())
    assert record["state"] == "failed"
    assert record["traceback"].startswith("Traceback")
    assert record["reason"] in failed.stdout
    assert (sweep.folder / "seed-0" / "done.json").is_file()


def test_bad_input_of_one_job_is_its_own_matter(sweep: Sweep) -> None:
    failed = sweep.commands.run("train", *GRID, *SHORT, "optimizer.lr=0.001,1e12")
    assert failed.returncode == 3
    record = json.loads((sweep.folder / "lr-1000000000000.0" / "job.json").read_text())
    assert "lower optimizer.lr" in record["reason"]
    assert not record["traceback"]


def test_what_fails_for_all_is_not_tried_252_times(sweep: Sweep) -> None:
    rates = "optimizer.lr=0.001,0.002,0.003,0.004,0.005"
    failed = sweep.commands.run("train", *GRID, *SHORT, rates, "dataset.write_on_first_use=false")
    assert failed.returncode == 3
    assert "failed 3x" in failed.stdout
    assert "the rest was left out" in failed.stdout
    assert len(list(sweep.folder.glob("*/job.json"))) == 3


def test_a_job_that_hangs_is_ended_and_the_rest_go_on(sweep: Sweep) -> None:
    process = sweep.start(*SHORT, "sweep.timeout=00:25")
    wait_for(lambda: (sweep.job(RATES[0]) / "job.json").is_file(), process)
    os.kill(sweep.record(RATES[0])["pid"], signal.SIGSTOP)
    out, _ = process.communicate(timeout=180)
    assert process.returncode == 3, out
    assert sweep.states() == ["failed", "done", "done"]
    assert "sweep.timeout, 25 s" in sweep.record(RATES[0])["reason"]
    assert sweep.is_gone()


def test_two_sweeps_do_not_share_a_folder(sweep: Sweep) -> None:
    process = sweep.start(*LONG)
    wait_for(sweep.trains(RATES[0]), process)
    refused = sweep.commands.run("train", *GRID, *LONG)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert refused.returncode == 2
    assert "is in use by another sweep" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_other_settings_are_refused_with_the_difference(sweep: Sweep) -> None:
    sweep.commands.succeed("train", *GRID, *SHORT)
    refused = sweep.commands.run("train", *GRID, "trainer.max_epochs=3")
    assert refused.returncode == 2
    assert "trainer.max_epochs was 2 and is 3" in refused.stderr
    more = (*GRID, *SHORT, "optimizer.lr=0.001,0.004")
    refused = sweep.commands.run("train", *more)
    assert "optimizer.lr was 0.001,0.002,0.003 and is 0.001,0.004" in refused.stderr
    out = sweep.commands.succeed("train", *more, "sweep.extend=true")
    assert "4 jobs, 3 done before" in out
    assert (sweep.folder / "lr-0.004" / "done.json").is_file()


def test_a_full_disk_stops_the_sweep_and_nothing_is_lost(sweep: Sweep, small_disk: Path) -> None:
    wide = (*GRID, *SHORT, f"output_dir={small_disk}", "model=resunet", "model.widths=[8,16]")
    line = [*sweep.commands.line("train", *wide)[:-1], f"output_dir={small_disk}"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, env=sweep.commands.environment, capture_output=True, text=True, check=False
        )

    failed = run()
    assert failed.returncode in (2, 3)
    assert "disk is full" in failed.stdout + failed.stderr
    kept = small_disk / "sweeps" / "grid"
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(kept.glob("*/done.json"))) == 3
    shutil.rmtree(kept)


def test_successive_halving_saves_epochs_and_says_so(sweep: Sweep) -> None:
    rates = "optimizer.lr=0.003,0.0001,0.00001,0.000001"
    halving = "sweep.halving={first: 1, factor: 2}"
    out = sweep.commands.succeed("train", *GRID, rates, halving, "trainer.max_epochs=4")
    halved = [p for p in sweep.folder.glob("*/done.json") if json.loads(p.read_text())["halved"]]
    assert halved
    assert "saved" in out


def test_finished_jobs_of_an_orphaned_record_are_noticed(sweep: Sweep) -> None:
    """The supervisor was killed just before it could write down that its job is done."""
    sweep.commands.succeed("train", *GRID, *SHORT)
    path = sweep.job(RATES[0]) / "job.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "running"}))
    sweep.commands.succeed("train", *GRID, *SHORT)
    assert sweep.states() == ["done"] * 3
