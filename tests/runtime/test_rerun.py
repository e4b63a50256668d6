import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sem3d.errors import InputError
from sem3d.runtime.rerun import arguments, changes, check, is_first, prepare, repeat, today
from sem3d.runtime.runs.comparison import compare
from sem3d.runtime.runs.run_folder import RunFolder, run_hash
from sem3d.runtime.trainer import training
from sem3d.runtime.trainer.slices import Stopped

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning:lightning")

Compose = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repeat sets the number of threads and how warnings look: give them back."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def finished(config: Compose, tmp_path: Path) -> RunFolder:
    """A trained run as ``run.json`` describes it, without training."""
    cfg = config()
    cfg |= {"overrides": [], "folder": str(tmp_path / "first")}
    run = RunFolder(tmp_path / "first")
    run.open(cfg, fresh=False)
    run.add_attempt({"step": 0, "processes": 1, "threads": 1, **today(cfg)})
    run.metrics.write_text("step,epoch,name,value\n7,0,val/loss,0.5\n7,0,train/loss,0.25\n")
    run.finish(cfg, {"val/loss": 0.5})
    return run


@pytest.fixture
def again(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "again")


def edit(run: RunFolder, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    told = run.read(name)
    change(told)
    run.write(name, told)


def test_arguments() -> None:
    here = Path.cwd()
    assert arguments(["--rerun", "outputs/a"]).into == here / "outputs" / "a-rerun"
    assert arguments(["--rerun=a/", "--into", "b"]).into == Path("b")
    assert arguments(["--rerun", "."]).into == here.with_name(f"{here.name}-rerun")


@pytest.mark.parametrize("line", [["--rerun"], ["--rerun", "a", "seed=1"], ["--into", "a"]])
def test_a_repeat_takes_no_settings(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        arguments(line)
    assert "usage: python -m sem3d.train" in capsys.readouterr().err


def test_a_repeat_takes_the_stored_settings_and_threads(
    finished: RunFolder, again: RunFolder
) -> None:
    edit(finished, "run.json", lambda told: told["attempts"][0].update(threads=2))
    cfg = prepare(finished, again)
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert torch.get_num_threads() == 2
    stored = finished.read("run.json")["config"]
    assert {k for k in cfg if cfg[k] != stored[k]} == {"folder"}
    assert cfg["folder"] == str(again.path)
    assert run_hash(cfg) == finished.read("done.json")["hash"]


def test_a_repeat_writes_nowhere_else_and_deletes_nothing(
    finished: RunFolder, again: RunFolder
) -> None:
    def strange(told: dict[str, Any]) -> None:
        told["config"] |= {"fresh": True, "folder": "/", "logger": {"name": "wandb"}}
        told["config"]["trainer"] |= {"max_time": "00:01", "devices": -1}
        told["attempts"][0]["processes"] = 3

    edit(finished, "run.json", strange)
    cfg = prepare(finished, again)
    assert (cfg["fresh"], cfg["folder"]) == (False, str(again.path))
    assert cfg["logger"] == {"name": "csv"}
    assert (cfg["trainer"]["max_time"], cfg["trainer"]["devices"]) == (None, 3)


@pytest.mark.parametrize("name", ["run.json", "done.json", "metrics.csv"])
def test_only_a_finished_run_is_repeated(finished: RunFolder, again: RunFolder, name: str) -> None:
    (finished.path / name).unlink()
    with pytest.raises(
        InputError, match=r"holds no run; give|has not finished; run its own|is missing"
    ):
        prepare(finished, again)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("attempts"),
        lambda told: told["attempts"].clear(),
        lambda told: told["attempts"][0].update(step=7),
        lambda told: told.pop("hash"),
        lambda told: told["config"].pop("ema"),
    ],
)
def test_runs_of_older_versions_are_refused(
    finished: RunFolder, again: RunFolder, change: Callable[[dict[str, Any]], Any]
) -> None:
    edit(finished, "run.json", change)
    with pytest.raises(InputError, match="first was trained by an older version, which kept too"):
        prepare(finished, again)


def test_a_run_is_not_repeated_into_itself_or_another(
    finished: RunFolder, again: RunFolder
) -> None:
    with pytest.raises(InputError, match="is the run itself; give another folder"):
        prepare(finished, finished)
    other = finished.read("run.json")["config"] | {"seed": 5}
    again.open(other, fresh=False)
    with pytest.raises(InputError, match="again holds another run; delete it, or give --into"):
        prepare(finished, again)


def test_decisions_of_halving_are_repeated(finished: RunFolder, again: RunFolder) -> None:
    halving = {"halving": {"first": 1, "factor": 2}}
    edit(finished, "run.json", lambda told: told["config"].update(sweep=halving))
    assert prepare(finished, again)["sweep"]["halving"] is None
    rung = {"epoch": 1, "score": 0.1, "cutoff": 0.2, "rung": 1, "stop": True}
    finished.add_rung(rung)
    assert prepare(finished, again)["sweep"] == halving
    assert prepare(finished, again)["sweep"] == halving
    assert again.rungs == [rung]


def test_the_same_circumstances_are_not_mentioned(
    finished: RunFolder, again: RunFolder, recwarn: pytest.WarningsRecorder
) -> None:
    cfg = prepare(finished, again)
    check(finished, cfg, today(cfg))
    assert not recwarn.list


def test_what_has_changed_is_told(finished: RunFolder, again: RunFolder) -> None:
    cfg = prepare(finished, again)
    now = today(cfg)
    with pytest.warns(UserWarning, match="torch was .* and is 9.9; the repeat may come out diff"):
        check(finished, cfg, now | {"torch": "9.9"})


def test_changed_settings_are_told(finished: RunFolder, again: RunFolder) -> None:
    edit(finished, "run.json", lambda told: told["config"]["optimizer"].update(lr=0.5))
    cfg = prepare(finished, again)
    with pytest.warns(UserWarning, match=r"settings in .*run.json were changed after training"):
        check(finished, cfg, today(cfg))


@pytest.mark.parametrize("key", ["dataset", "weights"])
def test_other_data_is_refused(finished: RunFolder, again: RunFolder, key: str) -> None:
    cfg = prepare(finished, again)
    with pytest.raises(InputError, match=r"is not what .*first was trained from"):
        check(finished, cfg, today(cfg) | {key: "another"})


def test_changes_between_attempts_and_today() -> None:
    a = {"step": 0, "torch": "1", "numpy": "1", "zarr": "1"}
    b = {"step": 7, "torch": "2", "numpy": "1", "zarr": "1"}
    told = changes([a, b], {"torch": "2", "numpy": "3", "zarr": "1"})
    assert told == ["torch changed while the run was trained, 1 and 2", "numpy was 1 and is 3"]
    assert changes([a], {"torch": "1"}) == []


def test_a_run_is_repeated_to_the_last_bit(config: Compose, again: RunFolder) -> None:
    first = RunFolder(again.path.with_name("first"))
    cfg = config("model=unet", "model.dropout=0.5", "task=voxels") | {"overrides": []}
    with pytest.raises(Stopped):
        training.train(cfg | {"trainer": cfg["trainer"] | {"max_time": "00:00"}}, first)
    training.train(cfg, first)
    stored = prepare(first, again)
    check(first, stored, today(stored))
    training.train(stored, again)
    found = compare(first, again)
    assert found.told().startswith("identical: ")
    assert found.left_out == 1
    assert found.values > 20
    assert is_first()


@pytest.mark.parametrize(("value", "status"), [("0.5", 0), ("0.75", 3)])
def test_the_exit_status_tells_the_outcome(
    finished: RunFolder, again: RunFolder, capsys: Any, value: str, status: int
) -> None:
    trained = []

    def train(cfg: dict[str, Any]) -> None:
        trained.append(cfg)
        again.open(cfg, fresh=False)
        again.add_attempt(finished.read("run.json")["attempts"][0])
        again.metrics.write_text(finished.metrics.read_text().replace("0.5", value))
        again.finish(cfg, {})

    line = ["--rerun", str(finished.path), "--into", str(again.path)]
    for said in ("logged values", "was trained before; delete it"):
        with pytest.raises(SystemExit) as left:
            repeat(line, train)
        assert left.value.code == status
        assert said in capsys.readouterr().out
    assert len(trained) == 1


def test_stored_settings_build_nothing_foreign(
    finished: RunFolder, again: RunFolder, tmp_path: Path
) -> None:
    path = tmp_path / "called"
    hostile = {"_target_": "pathlib.Path.touch", "self": str(path)}
    edit(finished, "run.json", lambda told: told["config"].update(loss=hostile))
    with pytest.raises(InputError, match="only names below sem3d"):
        training.train(prepare(finished, again), again)
    assert not path.exists()
    assert json.loads((again.path / "run.json").read_text())["config"]["loss"] == hostile
