import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from sem3d.errors import InputError
from sem3d.report.sweeps import workspace
from sem3d.runtime.sweeps.folder import Plan

PARAMETERS = {
    "optimizer.lr": ["1e-3", "1e-5"],
    "loss.losses.0.lam": ["0.5", "0.1"],
    "model": ["unet", "resunet"],
}


@pytest.fixture
def plan() -> Plan:
    return Plan("first", "", PARAMETERS, {}, {}, "val/score", "max")


@pytest.fixture
def spec(plan: Plan) -> dict[str, Any]:
    """What would be sent to the server."""
    built = workspace.build(plan, "someone", "sem3d")._to_model()
    return json.loads(built.spec.model_dump_json(by_alias=True, exclude_none=True))["section"]


def panels(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    sections = spec["panelBankConfig"]["sections"]
    found = [panel for section in sections for panel in section["panels"]]
    return [panel["config"] for panel in found if panel["viewType"] == kind]


def test_swept_settings_and_the_best_score_are_the_parallel_axes(spec: dict[str, Any]) -> None:
    (plot,) = panels(spec, "Parallel Coordinates Plot")
    assert [(c["accessor"], c.get("log")) for c in plot["columns"]] == [
        ("config:optimizer.value.lr", True),
        ("config:loss.value.losses.0.lam", None),
        ("config:choices.value.model", None),
        ("summary:best/score", None),
    ]


def test_an_added_setting_is_found_in_the_configuration() -> None:
    keys = {"++model.embedding": ["patch", "cnn"], "+experiment": ["a", "b"]}
    plan = Plan("first", "", keys, {}, {}, "val/score", "max")
    built = workspace.build(plan, "someone", "sem3d")._to_model()
    told = json.loads(built.spec.model_dump_json(by_alias=True, exclude_none=True))["section"]
    (plot,) = panels(told, "Parallel Coordinates Plot")
    assert [column["accessor"] for column in plot["columns"][:2]] == [
        "config:model.value.embedding", "config:choices.value.experiment",
    ]  # fmt: skip


def test_importance_and_every_setting_are_seen_against_the_best_score(spec: dict[str, Any]) -> None:
    assert [p["targetKey"] for p in panels(spec, "Parameter Importance")] == ["best/score"]
    against = panels(spec, "Scatter Plot")
    assert {p["yAxis"] for p in against} == {"summary:best/score"}
    assert len(against) == len(PARAMETERS)


def test_curves_run_over_epochs(spec: dict[str, Any]) -> None:
    curves = panels(spec, "Run History Line Plot")
    assert {p["xAxis"] for p in curves} == {"epoch"}
    shown = {name for p in curves for name in p["metrics"]}
    assert shown == {"best/score", "val/score", "val/loss", "train/loss", "train/lr"}


def test_pictures_of_the_end_are_shown(spec: dict[str, Any]) -> None:
    shown = [name for p in panels(spec, "Media Browser") for name in p["mediaKeys"]]
    assert shown == ["overview", "slices"]


def test_only_the_runs_of_the_sweep_are_shown(spec: dict[str, Any]) -> None:
    (rule,) = spec["runSets"][0]["filters"]["filters"]
    assert (rule["key"]["name"], rule["op"], rule["value"]) == ("group", "=", "first")


def test_a_missing_package_is_told_with_its_extra(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    with pytest.raises(InputError, match=r"wandb-workspaces is missing; .*sem3d\[wandb\]"):
        workspace.build(plan, "someone", "sem3d")


def test_a_refusing_server_is_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("no such\nproject")

    monkeypatch.setattr(workspace, "build", lambda *_: SimpleNamespace(save=refuse))
    with pytest.raises(InputError, match=r"of someone/sem3d is not saved \(no such project\)"):
        workspace.save(plan, "someone", "sem3d")


def test_the_address_is_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = SimpleNamespace(url="https://example.org/nw=1")
    monkeypatch.setattr(workspace, "build", lambda *_: SimpleNamespace(save=lambda: saved))
    assert workspace.save(plan, "someone", "sem3d") == saved.url
