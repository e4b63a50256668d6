"""Begin and end of a sweep, as Hydra calls them."""

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import cloudpickle
import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig

from sem3d.errors import InputError
from sem3d.locks import is_locked
from sem3d.report.sweeps import closing
from sem3d.report.sweeps.callback import INCOMPLETE, Sweep
from sem3d.runtime.cli import CONF
from sem3d.runtime.sweeps.folder import PLAN, Record, SweepFolder, write_record
from sem3d.runtime.sweeps.interrupts import SIGNALS
from sem3d.runtime.sweeps.slots import GPUS


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A sweep's answers to signals are not those of the tests that follow."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, answer in before.items():
        signal.signal(number, answer)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Any]:
    """The configuration of a sweep over learning rates, with more overrides."""
    with initialize_config_dir(str(CONF), version_base="1.3"):

        def compose(*overrides: str) -> DictConfig:
            loader = GlobalHydra.instance().config_loader()
            given = ["optimizer.lr=0.1,0.2", f"output_dir={tmp_path}", *overrides]
            return loader.load_configuration("train", given, RunMode.MULTIRUN)

        yield compose


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A callback between start and end; the closing report is tested elsewhere."""
    monkeypatch.setattr(closing, "close", lambda path: f"closing {path.name}")
    callback = Sweep()
    yield callback
    if callback.teller:
        callback.teller.stop()
    if callback.lock:
        callback.lock.release()


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return SweepFolder(tmp_path / "sweeps" / "default")


def end(folder: SweepFolder, **states: Any) -> None:
    for number, (state, reason) in enumerate(states.items(), 1):
        write_record(folder.path / f"lr-0.{number}", Record(state, 1, 1e9, reason=reason))


def status(call: Any, *arguments: Any) -> object:
    with pytest.raises(SystemExit) as left:
        call(*arguments)
    return left.value.code


def test_hydra_s_configuration_names_it(config: Any) -> None:
    node = config().hydra.callbacks.sweep
    assert isinstance(instantiate(node), Sweep)


def test_a_start_plans_and_holds_the_folder(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.on_multirun_start(config(), "train")
    assert is_locked(folder.path / "sweep.lock")
    assert list(folder.plan().jobs) == ["lr-0.1", "lr-0.2"]
    assert capsys.readouterr().out.splitlines() == [
        f"sweep default: 2 jobs, 0 done before, in {folder.path}",
        f"look at it: python -m sem3d.sweep status {folder.path}",
    ]


def test_all_done_is_success(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.on_multirun_start(config(), "train")
    end(folder, done="", halved="")
    write_record(folder.path / "lr-0.2", Record("done", 1, 1e9))
    (folder.path / "lr-0.2" / "done.json").write_text('{"halved": {"epoch": 3}}')
    capsys.readouterr()
    sweep.on_multirun_end(config())
    *told, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["[1/2] lr-0.1", "[2/2] lr-0.2"]
    assert last == "closing default"


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_what_is_not_done_is_no_success(
    config: Any, sweep: Sweep, folder: SweepFolder, state: str
) -> None:
    sweep.on_multirun_start(config(), "train")
    assert status(sweep.on_multirun_end, config()) == INCOMPLETE == 3
    end(folder, done="", **{state: "x"})
    assert status(sweep.on_multirun_end, config()) == INCOMPLETE


@pytest.mark.parametrize(("rates", "left"), [("0.1,0.2,0.3,0.4", True), ("0.1,0.2,0.3", False)])
def test_what_failures_alike_leave_out_is_told(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: Any, rates: str, left: bool
) -> None:
    sweep.on_multirun_start(config(f"optimizer.lr={rates}"), "train")
    began = (folder.path / PLAN).stat().st_mtime + 1
    for number in range(1, 4):
        record = Record("failed", 1, began, reason="no dataset")
        write_record(folder.path / f"lr-0.{number}", record)
    assert status(sweep.on_multirun_end, config()) == INCOMPLETE
    told = "failed alike before training: the rest was left out"
    assert (told in capsys.readouterr().out) == left


@pytest.mark.parametrize(("launcher", "elsewhere"), [("basic", False), ("joblib", True)])
def test_signals_are_heard_for_jobs_here_and_elsewhere(
    config: Any, sweep: Sweep, monkeypatch: pytest.MonkeyPatch, launcher: str, elsewhere: bool
) -> None:
    heard = Mock()
    monkeypatch.setattr("sem3d.report.sweeps.callback.stop_jobs_first", heard)
    sweep.on_multirun_start(config(f"hydra/launcher={launcher}"), "train")
    assert heard.call_args.kwargs == {"elsewhere": elsewhere}


def test_submitit_here_hides_no_gpus_and_sets_no_limit(
    config: Any, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sem3d.report.sweeps.callback.visible_gpus", lambda: ["GPU-1", "GPU-2"])
    monkeypatch.setattr("sem3d.report.sweeps.callback.check", lambda *_: None)
    monkeypatch.setattr("sem3d.report.sweeps.callback.stop_jobs_first", lambda *_, **__: None)
    monkeypatch.setenv(GPUS, "")
    given = config("trainer=gpu", "hydra/launcher=submitit_local")
    sweep.on_multirun_start(given, "train")
    assert os.environ[GPUS] == "GPU-1,GPU-2"
    assert given.hydra.launcher.timeout_min > 60 * 24 * 300


def test_jobs_in_a_queue_are_told_to_go_on(
    config: Any, sweep: Sweep, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sem3d.report.sweeps.callback.check", lambda *_: None)
    monkeypatch.setattr("sem3d.report.sweeps.callback.stop_jobs_first", pytest.fail)
    sweep.on_multirun_start(config("hydra/launcher=submitit_slurm"), "train")
    assert "go on when this command ends; scancel stops them" in capsys.readouterr().out


def test_what_was_done_before_is_counted(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    end(folder, done="", failed="x")
    sweep.on_multirun_start(config(), "train")
    assert "2 jobs, 1 done before" in capsys.readouterr().out


def test_a_folder_in_use_ends_the_command(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.on_multirun_start(config(), "train")
    assert status(Sweep().on_multirun_start, config(), "train") == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {folder.path} is in use by another sweep command; ")
    assert told.count("\n") == 1


def test_another_sweep_ends_the_command(config: Any, folder: SweepFolder, capsys: Any) -> None:
    first = Sweep()
    first.on_multirun_start(config(), "train")
    assert first.teller
    assert first.lock
    first.teller.stop()
    first.lock.release()
    (folder.path / "started").mkdir()
    (folder.path / "started" / "job.lock").touch()
    assert status(Sweep().on_multirun_start, config("seed=5"), "train") == 2
    assert "seed was 0 and is 5" in capsys.readouterr().err
    assert not folder.is_running


def test_damage_at_the_end_ends_the_command(
    config: Any, sweep: Sweep, folder: SweepFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.on_multirun_start(config(), "train")
    assert sweep.teller
    sweep.teller.stop()
    end(folder, done="", failed="x")
    (folder.path / "lr-0.2" / "job.json").write_text("{")
    assert status(Sweep().on_multirun_end, config()) == 2
    assert "job.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "left"), [(InputError("a is b; c"), 2), (KeyError("x"), 1), (TypeError("y"), 1)]
)
def test_a_defect_ends_the_command_although_hydra_would_go_on(
    config: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any, error: Exception, left: int
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(closing, "close", fail)
    monkeypatch.setattr("sem3d.report.sweeps.callback.make_plan", fail)
    hydra = Callbacks(config())
    assert status(lambda: hydra.on_multirun_start(config=config(), config_name="train")) == left
    assert ("Traceback" in capsys.readouterr().err) == (left == 1)
    assert status(lambda: hydra.on_multirun_end(config=config())) == left


@pytest.mark.parametrize("package", [pickle, cloudpickle])
def test_it_travels_to_other_processes(config: Any, sweep: Sweep, package: Any) -> None:
    """joblib and submitit send Hydra's callbacks along with the job."""
    sweep.on_multirun_start(config(), "train")
    arrived = package.loads(package.dumps(sweep))
    assert isinstance(arrived, Sweep)
    assert (arrived.lock, arrived.teller) == (None, None)
    assert sweep.lock
    hydra = Callbacks(config())
    hydra.callbacks = [sweep]
    assert isinstance(package.loads(package.dumps(hydra)).callbacks[0], Sweep)


def test_a_job_s_configuration_is_let_go() -> None:
    told = JobReturn(cfg=SimpleNamespace(), hydra_cfg=SimpleNamespace(), overrides=["seed=1"])
    Sweep().on_job_end(told)
    assert (told.cfg, told.hydra_cfg, told.overrides) == (None, None, ["seed=1"])
