import copy
import json
from pathlib import Path
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.runtime.runs.run_folder import IDENTITY, RunFolder, run_hash

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
    assert told["hash"] == run_hash(CONFIG)
    assert told["attempts"] == []


def test_making_a_run_folder_touches_nothing(tmp_path: Path) -> None:
    RunFolder(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_the_same_run_continues_untouched(run: RunFolder) -> None:
    before = (run.path / "run.json").read_bytes()
    run.open(copy.deepcopy(CONFIG), fresh=False)
    assert (run.path / "run.json").read_bytes() == before
    assert run.last.read_bytes() == b"weights"


def test_attempts_are_kept_when_a_run_continues(run: RunFolder) -> None:
    run.add_attempt({"step": 0})
    longer = changed("trainer", {"max_epochs": 4, "max_steps": -1})
    run.open(longer, fresh=False)
    run.add_attempt({"step": 7})
    told = run.read("run.json")
    assert told["attempts"] == [{"step": 0}, {"step": 7}]
    assert told["config"] == longer
    assert told["hash"] == run_hash(longer)


def test_a_run_of_an_older_version_continues(run: RunFolder) -> None:
    older = {"identity": run.read("run.json")["identity"], "config": CONFIG, "provenance": {}}
    run.write("run.json", older)
    run.open(CONFIG, fresh=False)
    run.add_attempt({"step": 7})
    assert run.read("run.json")["attempts"] == [{"step": 7}]


@pytest.mark.parametrize("key", IDENTITY)
def test_the_hash_follows_what_decides_the_outcome(key: str) -> None:
    assert run_hash(changed(key, 0)) != run_hash(CONFIG)


def test_the_hash_follows_the_end_of_training_and_nothing_else() -> None:
    trainer = CONFIG["trainer"]
    assert run_hash(changed("trainer", trainer | {"max_epochs": 3})) != run_hash(CONFIG)
    assert run_hash(changed("trainer", trainer | {"max_time": "00:10"})) == run_hash(CONFIG)
    assert run_hash(changed("logger", {"name": "wandb"})) == run_hash(CONFIG)


@pytest.mark.parametrize("key", IDENTITY)
def test_other_settings_are_refused_by_name(run: RunFolder, key: str) -> None:
    with pytest.raises(InputError, match=rf"one holds a run with other settings of {key}; give "):
        run.open(changed(key, {"kind": key, "value": 0.2}), fresh=False)
    assert run.last.is_file()


@pytest.mark.parametrize("key", ["trainer", "logger"])
def test_how_it_is_run_may_change(run: RunFolder, key: str) -> None:
    run.open(changed(key, CONFIG[key] | {"other": 1}), fresh=False)
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


def test_curves_of_a_run_that_saved_nothing_are_not_the_new_ones(run: RunFolder) -> None:
    run.metrics.write_text("step,epoch,name,value\n3,0,val/loss,1.0\n")
    run.open(CONFIG, fresh=False)
    assert run.metrics.is_file()
    run.last.unlink()
    run.open(CONFIG, fresh=False)
    assert not run.metrics.exists()


def test_done_unless_more_is_asked_for(run: RunFolder) -> None:
    assert not run.is_done(CONFIG)
    run.finish(CONFIG, {"val/loss": 0.5})
    assert run.is_done(CONFIG)
    assert run.is_done(changed("logger", {"name": "wandb"}))
    for more in ({"max_epochs": 3, "max_steps": -1}, {"max_epochs": None, "max_steps": -1}):
        assert not run.is_done(changed("trainer", more))
    for less in ({"max_epochs": 1, "max_steps": -1}, {"max_epochs": 2, "max_steps": 9}):
        assert run.is_done(changed("trainer", less))
    told = run.read("done.json")
    assert told["scores"] == {"val/loss": 0.5}
    assert told["hash"] == run_hash(CONFIG)
    assert told["halved"] is None


def test_a_run_without_end_is_not_done_by_one_with_an_end(run: RunFolder) -> None:
    endless = {"max_epochs": -1, "max_steps": -1}
    run.finish(changed("trainer", endless), {})
    assert run.is_done(CONFIG)
    assert run.is_done(changed("trainer", endless))


def test_scores_of_a_run_that_was_at_its_end_are_those_it_logged(run: RunFolder) -> None:
    run.metrics.write_text("step,epoch,name,value\n3,0,val/loss,2.0\n20,1,val/loss,1.0\n")
    run.finish(CONFIG, {})
    assert run.read("done.json")["scores"] == {"val/loss": 1.0}


def test_a_halved_run_is_done_while_it_is_halved(run: RunFolder) -> None:
    halving = changed("sweep", {"halving": {"first": 1, "factor": 2}})
    told = {"epoch": 4, "score": 0.1, "cutoff": 0.2, "rung": 4}
    run.add_rung({"epoch": 1, "score": 0.1, "cutoff": None, "rung": 1, "stop": False})
    run.add_rung({**told, "stop": True})
    run.finish(halving, {"val/loss": 0.5})
    assert run.read("done.json")["halved"] == told
    longer = halving | {"trainer": {"max_epochs": 9, "max_steps": -1}}
    assert run.is_done(halving)
    assert run.is_done(longer)
    assert not run.is_done(CONFIG)
    run.finish(CONFIG, {"val/loss": 0.5})
    assert run.is_done(CONFIG)
    assert run.read("done.json")["halved"] is None


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
