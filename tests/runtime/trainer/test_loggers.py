import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.files import write_atomic
from sem3d.runtime.runs.run_folder import RunFolder
from sem3d.runtime.trainer.loggers import (
    Dashboard,
    addressable,
    best_name,
    best_so_far,
    logger,
    open_run,
    own_id,
    sweep_of,
    wandb_mode,
)


class Run:
    """Stands in for a wandb run; fails at whatever is named."""

    def __init__(self, fails: str = "", number: str = "") -> None:
        self.fails, self.id, self.logged, self.finished = fails, number, [], 0

    def log(self, values: dict[str, Any], step: int) -> None:
        if self.fails == "log":
            raise ConnectionResetError("Connection lost\nand more")
        self.logged.append((step, values))

    def define_metric(self, *args: Any, **kwargs: Any) -> None:
        pass

    def finish(self) -> None:
        self.finished += 1
        if self.fails == "finish":
            raise TimeoutError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_MODE", "WANDB_RUN_ID", "WANDB_SWEEP_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Any]:
    """The logger of a run in `folder` with changes to its node."""

    def made(folder: str = "run", **changes: Any) -> Any:
        node = {"name": "wandb", "mode": "offline", "project": "sem3d", "group": None, "tags": []}
        cfg = {
            "logger": node | changes,
            "name": "net+lr-1",
            "checkpoint": {"monitor": "val/score", "mode": "max"},
            "choices": {"model": "unet", "hydra/launcher": "basic"},
            "loss": {"losses": [{"lam": 0.5}], "epochs": [200]},
        }
        return logger(cfg, tmp_path / folder)

    return made


@pytest.fixture
def dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], Dashboard]:
    def opened(run: Run, mode: str = "max") -> Dashboard:
        monkeypatch.setattr("sem3d.runtime.trainer.loggers.open_run", lambda *_: run)
        return Dashboard(tmp_path, {}, "offline", ("val/score", mode))

    return opened


def test_the_configuration_decides_unless_the_variable_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [wandb_mode(mode) for mode in ("offline", "online")] == ["offline", "online"]
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert wandb_mode("online") == "disabled"


def test_an_unknown_mode_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"logger.mode is 'on'; choose offline, online or"):
        wandb_mode("on")
    monkeypatch.setenv("WANDB_MODE", "off")
    with pytest.raises(InputError, match="WANDB_MODE is 'off'"):
        wandb_mode("online")


def test_nothing_but_csv_for_csv_and_disabled(make: Callable[..., Any]) -> None:
    assert make(name="csv") is False
    assert make(mode="disabled") is False


def test_unknown_logger_is_told(make: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"logger\.name is 'wandbb'; choose csv or wandb"):
        make(name="wandbb")


def test_the_id_belongs_to_what_is_continued(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    unsaved, begun = own_id(run.path), own_id(run.path)
    assert unsaved != begun  # both begin at step 0
    write_atomic(run.last, b"")
    assert own_id(run.path) == begun
    moved = run.path.rename(tmp_path / "moved")
    assert own_id(moved) == begun
    shutil.rmtree(moved)  # as fresh=true does
    assert own_id(moved) not in (begun, unsaved)


def test_the_id_may_be_given_or_the_agents(
    make: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "given")
    assert own_id(tmp_path) == {"id": "given"}
    assert make("a").name == "sem3d"
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep")  # wandb refuses to be told what its agent tells
    assert own_id(tmp_path) == {}
    assert make("a").name is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_before_the_run_is_opened(
    make: Callable[..., Any], wandb: Any, tmp_path: Path
) -> None:
    """A folder that fresh=true is about to delete, or that another rank opens, stays as it is."""
    ours = make()
    assert ours.version is None
    assert not (tmp_path / "run").exists()
    assert ours.experiment is not None
    ((_, told),) = wandb.opened
    assert told["id"] == (tmp_path / "run" / "wandb-id").read_text() == ours.version


def test_an_id_that_cannot_be_kept_is_told(wandb: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match=r"cannot start \((FileExists|NotADirectory)Error"):
        assert open_run({}, "offline", tmp_path / "file") is None


def test_the_group_is_the_sweep(make: Callable[..., Any], tmp_path: Path) -> None:
    assert make("first/job").arguments["group"] is None
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "sweep.json").write_text("{}")
    assert sweep_of(tmp_path / "first" / "job") == "first"
    assert make("first/job").arguments["group"] == "first"
    assert make("first/job", group="mine").arguments["group"] == "mine"


def test_a_run_is_named_by_its_overrides_and_carries_its_settings(
    make: Callable[..., Any],
) -> None:
    told = make().arguments
    assert (told["name"], told["resume"]) == ("net+lr-1", "allow")
    assert told["config"]["choices"] == {"model": "unet"}
    assert told["config"]["loss"] == {"losses": {"0": {"lam": 0.5}}, "epochs": [200]}


def test_settings_in_lists_get_an_address() -> None:
    told = addressable({"a": [{"b": [{"c": 1}]}, {}], "plain": [1, [2]]})
    assert told == {"a": {"0": {"b": {"0": {"c": 1}}}, "1": {}}, "plain": [1, [2]]}


def test_steps_never_go_back_and_the_best_score_is_kept(
    dashboard: Callable[..., Dashboard],
) -> None:
    run = Run()
    ours = dashboard(run)
    for step, values in [(50, {"val/score": 0.5}), (49, {"x": 1}), (100, {"val/score": 0.25})]:
        ours.log_metrics(values, step)
    assert run.logged == [
        (50, {"val/score": 0.5, "best/score": 0.5}),
        (50, {"x": 1}),
        (100, {"val/score": 0.25, "best/score": 0.5}),
    ]


def test_the_best_score_outlives_a_break(
    dashboard: Callable[..., Dashboard], tmp_path: Path
) -> None:
    curves = tmp_path / "metrics.csv"
    assert best_so_far(curves, "val/score", max) is None
    curves.write_text(
        "step,epoch,name,value\n1,0,val/score,0.3\n1,0,val/loss,9\n2,1,val/score,0.4\n"
    )
    assert best_so_far(curves, "val/score", max) == 0.4
    assert best_so_far(curves, "val/none", max) is None
    with curves.open("a") as f:  # a score that is lost, and a line that a kill cut
        f.write("3,2,val/score,nan\n4,3,val/sc")
    assert best_so_far(curves, "val/score", max) == 0.4
    run = Run()
    dashboard(run, "min").log_metrics({"val/score": 0.5}, 3)
    assert run.logged == [(3, {"val/score": 0.5, "best/score": 0.3})]
    lost = Run()
    dashboard(lost, "min").log_metrics({"val/score": float("nan")}, 3)
    assert "best/score" not in lost.logged[0][1]
    assert best_name("val/score") == "best/score"


def test_a_failure_is_told_once_and_ends_logging(dashboard: Callable[..., Dashboard]) -> None:
    ours = dashboard(Run(fails="log"))
    with pytest.warns(UserWarning, match=r"failed \(ConnectionResetError: Connection lost\)"):
        ours.log_metrics({"x": 1}, 1)
    ours.log_metrics({"x": 2}, 2)
    ours.close(lambda run: pytest.fail("nothing to show it to"))
    assert ours.experiment is None


def test_the_end_is_shown_and_finished(dashboard: Callable[..., Dashboard]) -> None:
    run, shown = Run(), []
    dashboard(run).close(shown.append)
    assert (shown, run.finished) == ([run], 1)


def test_a_failure_at_the_end_still_finishes(dashboard: Callable[..., Dashboard]) -> None:
    run = Run()
    with pytest.warns(UserWarning, match="ZeroDivisionError"):
        dashboard(run).close(lambda run: 1 / 0)
    assert run.finished == 1
    with pytest.warns(UserWarning, match=r"failed \(TimeoutError\)"):
        dashboard(Run(fails="finish")).close(lambda run: None)


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A wandb without key, whose modes in `down` fail."""

    def init(mode: str, **arguments: Any) -> Run:
        if mode in stand_in.down:
            raise RuntimeError(f"no {mode}")
        stand_in.opened.append((mode, arguments))
        return Run(number=arguments["id"])

    stand_in = SimpleNamespace(
        down=[],
        opened=[],
        init=init,
        key=True,
        login=lambda prompt: stand_in.key,
        Settings=dict,
        errors=SimpleNamespace(AuthenticationError=RuntimeError),
    )
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    return stand_in


def test_online_waits_a_limited_time(wandb: Any, tmp_path: Path) -> None:
    assert open_run({"name": "a"}, "online", tmp_path) is not None
    ((mode, told),) = wandb.opened
    assert (mode, told["name"]) == ("online", "a")
    assert told["settings"]["init_timeout"] + 10 <= 30
    assert told["settings"]["finish_timeout"] > 0


@pytest.mark.parametrize("problem", ["no online", "there is no key"])
def test_where_online_fails_the_run_goes_on_offline(
    wandb: Any, tmp_path: Path, problem: str
) -> None:
    wandb.down, wandb.key = ["online"], problem == "no online"
    with pytest.warns(UserWarning, match=rf"not reached \(RuntimeError: {problem}\).*wandb sync"):
        assert open_run({}, "online", tmp_path) is not None
    assert [mode for mode, _ in wandb.opened] == ["offline"]


def test_where_nothing_starts_the_curves_are_enough(wandb: Any, tmp_path: Path) -> None:
    wandb.down = ["offline"]
    with pytest.warns(UserWarning, match=r"cannot start \(RuntimeError: no offline\).*metrics.csv"):
        assert open_run({}, "offline", tmp_path) is None


def test_the_configuration_can_be_sent(make: Callable[..., Any]) -> None:
    assert json.loads(json.dumps(make().arguments["config"]))["name"] == "net+lr-1"
