import copy
import json
from pathlib import Path
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.runtime.run_folder import IDENTITY, RunFolder

CONFIG: dict[str, Any] = {
    **{key: {"kind": key, "value": 0.1} for key in IDENTITY},
    "weights": None,
    "trainer": {"max_epochs": 2, "max_steps": -1, "max_time": None},
    "logger": {"name": "csv"},
}


def changed(key: str, value: Any) -> dict[str, Any]:
    return copy.deepcopy(CONFIG) | {key: value}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run that has saved its first checkpoint."""
    run = RunFolder(tmp_path / "runs" / "one")
    run.open(CONFIG, fresh=False)
    run.checkpoints.mkdir()
    run.last.write_bytes(b"weights")
    return run


def test_opening_writes_what_the_run_is(run: RunFolder) -> None:
    told = run.read("run.json")
    assert told["config"] == CONFIG
    assert told["identity"].keys() == set(IDENTITY)
    assert told["provenance"]["torch"]


def test_making_a_run_folder_touches_nothing(tmp_path: Path) -> None:
    RunFolder(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_the_same_run_continues_untouched(run: RunFolder) -> None:
    before = (run.path / "run.json").read_bytes()
    run.open(copy.deepcopy(CONFIG), fresh=False)
    assert (run.path / "run.json").read_bytes() == before
    assert run.last.read_bytes() == b"weights"


@pytest.mark.parametrize("key", IDENTITY)
def test_other_settings_are_refused_by_name(run: RunFolder, key: str) -> None:
    with pytest.raises(InputError, match=rf"one holds a run with other settings of {key}; give "):
        run.open(changed(key, {"kind": key, "value": 0.2}), fresh=False)
    assert run.last.is_file()


@pytest.mark.parametrize("key", ["trainer", "logger"])
def test_how_it_is_run_may_change(run: RunFolder, key: str) -> None:
    run.open(changed(key, {"other": 1}), fresh=False)
    assert run.last.is_file()


def test_fresh_replaces_another_run(run: RunFolder) -> None:
    other = changed("seed", 5)
    run.open(other, fresh=True)
    assert not run.last.exists()
    assert run.read("run.json")["config"] == other


def test_a_run_that_saved_nothing_yet_may_be_another(run: RunFolder) -> None:
    run.last.unlink()
    run.open(changed("seed", 5), fresh=False)
    assert run.read("run.json")["identity"]["seed"] == 5


def test_done_unless_more_is_asked_for(run: RunFolder) -> None:
    assert not run.is_done(CONFIG)
    run.finish(CONFIG, {"val/loss": 0.5})
    assert run.is_done(CONFIG)
    assert run.is_done(changed("logger", {"name": "wandb"}))
    for more in ({"max_epochs": 3, "max_steps": -1}, {"max_epochs": None, "max_steps": -1}):
        assert not run.is_done(changed("trainer", more))
    for less in ({"max_epochs": 1, "max_steps": -1}, {"max_epochs": 2, "max_steps": 9}):
        assert run.is_done(changed("trainer", less))
    assert run.read("done.json")["scores"] == {"val/loss": 0.5}


def test_a_finished_run_does_not_stand_for_another(run: RunFolder) -> None:
    run.finish(CONFIG, {})
    with pytest.raises(InputError, match="holds a run with other settings of optimizer, seed"):
        run.is_done(changed("seed", 5) | {"optimizer": None})


@pytest.mark.parametrize("content", ["", "{", '{"identity": '])
def test_a_damaged_file_is_told(run: RunFolder, content: str) -> None:
    (run.path / "run.json").write_text(content)
    with pytest.raises(InputError, match=r"one/run\.json is damaged \(.*\); add fresh=true"):
        run.open(CONFIG, fresh=False)


def test_writing_leaves_no_other_file(run: RunFolder) -> None:
    run.write("x.json", {"a": [1]})
    assert json.loads((run.path / "x.json").read_text()) == {"a": [1]}
    assert sorted(p.name for p in run.path.iterdir()) == ["checkpoints", "run.json", "x.json"]
