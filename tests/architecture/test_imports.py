"""What an import costs, and which rooms stand alone."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sem3d"
LINT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

HEAVY = {"torch", "lightning", "wandb", "matplotlib", "zarr", "numba", "torchmetrics", "rich"}
FRAMEWORKS = {"lightning", "pytorch_lightning", "hydra", "omegaconf", "wandb", "matplotlib"}
PHYSICS = (
    "errors", "units", "chemistry", "specimen", "geometry", "simulate", "store", "solvers",
    "validation", "models",
)  # fmt: skip


def modules(room: str) -> list[str]:
    """Every module of a room, dotted."""
    files = [PACKAGE / f"{room}.py", *sorted((PACKAGE / room).rglob("*.py"))]
    parts = [p.relative_to(ROOT).with_suffix("").parts for p in files if p.is_file()]
    return [".".join(p).removesuffix(".__init__") for p in parts]


def imported(*names: str) -> set[str]:
    """Top-level packages that a fresh interpreter holds after importing `names`."""
    code = f"import json, sys, {', '.join(names)}; print(json.dumps(sorted(sys.modules)))"
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_the_package_itself_imports_nothing() -> None:
    assert imported("sem3d") & (HEAVY | FRAMEWORKS | {"numpy"}) == set()


def test_commands_start_without_heavy_imports() -> None:
    """So that --help, --cfg job and typing errors are answered at once."""
    commands = (
        "generate",
        "train",
        "evaluate",
        "limits",
        "validate",
        "materials",
        "mesh",
        "sweep",
        "report.__main__",
    )
    assert imported(*(f"sem3d.{name}" for name in commands)) & HEAVY == set()


def test_physics_stands_alone() -> None:
    names = [name for room in PHYSICS for name in modules(room)]
    assert len(names) > 20
    assert imported(*names) & FRAMEWORKS == set()


def layers() -> list[str]:
    contracts = [c for c in LINT["contracts"] if c["type"] == "layers"]
    return [name.strip() for c in contracts for layer in c["layers"] for name in layer.split("|")]


def test_every_room_has_its_place_in_the_order_of_imports() -> None:
    rooms = {f"sem3d.{p.stem}" for p in PACKAGE.iterdir() if p.suffix == ".py" or p.is_dir()}
    inside = {room for room in rooms if not room.startswith(("sem3d._", "sem3d.__"))}
    assert sorted(layers()) == sorted(inside)


@pytest.mark.parametrize("contract", LINT["contracts"], ids=lambda c: c["name"])
def test_contracts_name_modules_that_exist(contract: dict[str, Any]) -> None:
    for name in contract.get("source_modules", layers()):
        assert modules(name.removeprefix("sem3d.")), name
