"""The command line that a job is started with."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from sem3d.locks import Lock
from sem3d.runtime.sweeps import job
from sem3d.runtime.sweeps.environment import Room


def asked(*overrides: str, config_dir: str | None = None) -> Any:
    """Hydra's node of a command line."""
    sources = [SimpleNamespace(provider="main", path="/conf")]
    if config_dir:
        sources.append(SimpleNamespace(provider="command-line", path=config_dir))
    return SimpleNamespace(
        overrides=SimpleNamespace(task=list(overrides)),
        runtime=SimpleNamespace(config_sources=sources),
    )


def test_a_folder_of_settings_of_the_user_s_own_is_passed_on() -> None:
    call = job._call("train", asked(config_dir="/mine"), Path("out/x"), Room((), 1))
    assert call[3:5] == ["--config-dir", "/mine"]


def parsed(call: list[str]) -> dict[str, Any]:
    overrides = OverridesParser.create().parse_overrides(call[3:])
    return {override.key_or_group: override.value() for override in overrides}


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30))
def test_a_folder_of_any_name_arrives(name: str) -> None:
    folder = Path("/outputs") / name.replace("/", "-") / "lr-0.1"
    told = parsed(job._call("train", asked(), folder, Room((), 1)))
    assert told == {"folder": str(folder), "name": "lr-0.1", "hydra.mode": "RUN"}


def test_a_command_line() -> None:
    hydra = asked("sweep=demo", "seed=3", "note='a b'", "fresh=true", "name=x", "folder=y")
    has = Room((Lock(Path("GPU-a.lock")), Lock(Path("GPU-b.lock"))), 1)
    call = job._call("train", hydra, Path("out/lr-0.1"), has)
    assert call[:3] == [sys.executable, "-m", "sem3d.train"]
    assert call[-1] == "hydra.mode=RUN"
    assert parsed(call) == {
        "sweep": "demo", "seed": 3, "note": "a b", "folder": "out/lr-0.1", "name": "lr-0.1",
        "trainer.devices": 2, "hydra.mode": "RUN",
    }  # fmt: skip
