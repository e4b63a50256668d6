"""Checkpoints that rebuild their network: plain configuration beside plain tensors."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from sem3d.errors import InputError
from sem3d.models.cost import count_macs, count_parameters
from sem3d.runtime.build import TARGET, build, partial
from sem3d.specimen import VoxelBox
from sem3d.tasks.data import DataSpec
from sem3d.tasks.reconstruction import ReconstructionTask

KEY = "sem3d"
PARTS = ("task", "model", "loss")
TRUSTED = ("sem3d.models.", "sem3d.tasks.", "sem3d.losses.", "torch.nn.")


def build_task(cfg: Mapping[str, Any], data: DataSpec, **training: Any) -> ReconstructionTask:
    """Build the task with its network and loss.

    Args:
        cfg: holds the nodes task, model and loss.
        data: what the network is built for.
        training: optimizer and schedule; absent for inference.
    """
    task = build(
        cfg["task"],
        "task",
        model=partial(cfg["model"], "model"),
        loss=build(cfg["loss"], "loss"),
        data=data,
        **training,
    )
    assert isinstance(task, ReconstructionTask)
    parts = {key: cfg[key] for key in PARTS}
    choice = cfg["choices"]["model"]
    task.rebuild = {"parts": parts, "data": data.to_dict(), "choices": {"model": choice}}
    return task


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; only tensors and plain values can come out of it.

    Raises:
        InputError: it is missing, damaged or not of sem3d.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; train with `python -m sem3d.train` first")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        return checkpoint | {KEY: checkpoint[KEY]}
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].partition(". ")[0]
        raise InputError(
            f"{path} is not a readable sem3d checkpoint ({reason}); train again or choose another"
        ) from error


def load_task(path: Path) -> tuple[ReconstructionTask, dict[str, Any]]:
    """Rebuild a trained task from its checkpoint, in evaluation mode; also return the checkpoint.

    Raises:
        InputError: the checkpoint cannot be read or does not fit the code.
    """
    checkpoint = read_checkpoint(path)
    saved = checkpoint[KEY]
    _refuse_foreign(saved["parts"], path)
    task = build_task(
        saved["parts"] | {"choices": saved["choices"]}, DataSpec.from_dict(saved["data"])
    )
    _load(task, checkpoint["state_dict"], path)
    return task.eval(), checkpoint


def _refuse_foreign(node: Any, path: Path) -> None:
    """Refuse a checkpoint that names anything but networks, tasks and losses: it may be hostile."""
    if isinstance(node, Mapping):
        name = node.get(TARGET)
        if name is not None and not str(name).startswith(TRUSTED):
            raise InputError(f"{path} asks to build {name!r}, no part of a network; do not use it")
    children = node.values() if isinstance(node, Mapping) else node
    for child in children if isinstance(node, Mapping | list) else ():
        _refuse_foreign(child, path)


def describe(
    path: Path, task: ReconstructionTask, checkpoint: Mapping[str, Any], name: str | None
) -> dict[str, Any]:
    """What a result file says about a network."""
    target, volume = task.rebuild["parts"]["model"]["_target_"], task.data.volume
    cost = {"parameters": count_parameters(task.model)}
    if isinstance(volume, VoxelBox):  # the field of layered specimens is not fixed
        field = (int(volume.shape[1]), int(volume.shape[2]))
        cost["macs"] = count_macs(task.model, len(task.data.energies_keV), field)
    return {
        "name": name or path.resolve().parents[1].name,
        "kind": "checkpoint",
        "model": checkpoint[KEY]["choices"]["model"],
        "class": target,
        "task": "thickness" if task.target == "thickness_nm" else "voxels",
        **cost,
        "checkpoint": str(path),
        "epoch": checkpoint["epoch"],
        "step": checkpoint["global_step"],
        "trained_on": task.rebuild["data"]["dataset"],
    }


def start_from(task: ReconstructionTask, path: Path) -> None:
    """Copy the network of another checkpoint into `task`.

    Raises:
        InputError: the checkpoint's network has other shapes.
    """
    state = read_checkpoint(path)["state_dict"]
    network = {k: v for k, v in state.items() if k.startswith("model.")}
    own = task.state_dict()
    ours = {k for k in own if k.startswith("model.")}
    if ours != network.keys():
        odd = sorted(ours ^ network.keys())[0]
        raise InputError(f"{path} does not fit the network ({odd} is in one of them only)")
    _load(task, own | network, path)


def _load(task: ReconstructionTask, state: Mapping[str, Any], path: Path) -> None:
    try:
        task.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(
            f"{path} does not fit the network ({textwrap.shorten(str(error), 200)}); "
            "it was trained with another model"
        ) from error
