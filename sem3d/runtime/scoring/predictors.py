"""What can be scored: a trained network by its checkpoint, or a solver by its configuration."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sem3d.datamodule.energies import at_energies, interpolation
from sem3d.errors import InputError
from sem3d.runtime.build import TARGET, build, locate
from sem3d.runtime.names import plain
from sem3d.runtime.scoring.evaluation import Predictor
from sem3d.runtime.trainer.checkpoint import describe, load_task, read_checkpoint
from sem3d.simulate.dose import check_fits
from sem3d.simulate.noise import Noise
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.scan_checks import check_physics
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.solvers.voxel_solver import VoxelSolver
from sem3d.specimen import Beam, Reconstruction
from sem3d.store.reader import ScanStore
from sem3d.tasks.reconstruction import ReconstructionTask


def check_choice(cfg: Mapping[str, Any]) -> None:
    """Raise `InputError` unless the configuration of `evaluate` names one thing to score."""
    solver, checkpoint = cfg.get("solver"), cfg["checkpoint"]
    if solver and checkpoint:
        raise InputError("checkpoint and solver are both given; score one predictor at a time")
    if not solver and not checkpoint:
        raise InputError("nothing to score; give checkpoint=... or solver=..., e.g. solver=lookup")
    if checkpoint:
        if cfg["energies_keV"] is not None:
            raise InputError("energies_keV is for solvers, a network needs the energies it learned")
        read_checkpoint(Path(checkpoint))


def load_predictor(cfg: Mapping[str, Any]) -> Predictor:
    """Return the network or the solver that the configuration of `evaluate` names.

    Raises:
        InputError: what it names cannot be read or does not fit the dataset.
    """
    device = find_device(cfg["device"])
    if cfg.get("solver"):
        return load_solver(cfg, cfg["name"], device)
    return load_network(cfg, Path(cfg["checkpoint"]), cfg["name"], device)


def load_network(
    cfg: Mapping[str, Any], checkpoint: Path, name: str | None = None, device: str = "cpu"
) -> Predictor:
    """Return a trained network that fits the configured dataset.

    Args:
        cfg: the nodes ``dataset`` and ``noise``; ``interpolate`` allows scans at other energies,
            ``symmetries`` takes the mean over turned scans.
        checkpoint: the trained network.
        name: name in the report; None takes the run's.
        device: see `find_device`.

    Raises:
        InputError: the checkpoint cannot be read or was trained on other energies or layers.
    """
    task, saved = load_task(checkpoint)
    store = ScanStore(cfg["dataset"]["root"])
    there, wanted = store.beam.energies_keV, tuple(task.data.energies_keV)
    between = bool(cfg.get("interpolate")) and there != wanted
    task.data.check_store(wanted if between else there, store.volume, str(store.root))
    if store.electrons:
        noise = build(cfg["noise"]["eval"], "noise.eval")
        _warn_of_dose(check_fits(noise, store.electrons, store.several, str(store.root)), task)
    turned = bool(cfg.get("symmetries"))
    told = {"interpolated": between, "symmetries": turned}
    described = describe(checkpoint, task, saved, name) | told
    if turned and not name:
        described["name"] += "+symmetries"
    task = task.to(device)
    predict = task.over_symmetries if turned else task
    if not between:
        return Predictor(predict, described, device)
    weights = interpolation(there, wanted, str(store.root))
    return Predictor(lambda scans: predict(at_energies(scans, weights)), described, device)


def _warn_of_dose(noise: Noise, task: ReconstructionTask) -> None:
    """Warn when scans are much noisier, or quieter, than those the network has seen."""
    dose, trained = noise.provenance.get("electrons"), task.data.dose
    if trained and isinstance(dose, int) and not trained[0] / 2 <= dose <= 2 * trained[1]:
        seen = " to ".join(str(d) for d in dict.fromkeys(trained))
        warnings.warn(
            f"the scans have {dose} electrons per pixel and energy but the network was trained on "
            f"{seen}; expect worse results than its validation score says",
            stacklevel=2,
        )


def load_solver(cfg: Mapping[str, Any], name: str | None = None, device: str = "cpu") -> Predictor:
    """Return a solver for the configured dataset, its physics and kind of noise.

    Args:
        cfg: the nodes ``dataset``, ``simulator``, ``noise``, ``solver``, ``energies_keV``,
            ``choices`` and ``overrides``.
        name: name in the report; None makes one from the solver and its settings.
        device: see `find_device`.

    Raises:
        InputError: the dataset was simulated with other physics or lacks an energy, or the solver
            cannot be built.
    """
    store = ScanStore(cfg["dataset"]["root"])
    engine = build(cfg["simulator"], "simulator")
    check_physics(store.attributes["engine"], engine.provenance, str(store.root))
    energies = store.beam.energies_keV
    given = cfg["energies_keV"]
    chosen = Beam(energies if given is None else given).energies_keV
    problem = _problem(cfg, engine, store, chosen)
    solver = build(cfg["solver"], "solver", problem=problem).to(device)
    images = _indices(energies, chosen, store)

    def predict(scans: Tensor) -> Reconstruction:
        return solver(scans if len(images) == len(energies) else scans[:, images])

    choice = str(cfg["choices"]["solver"])
    described = {
        "name": name or _name(choice, cfg["overrides"]),
        "kind": "solver",
        "model": choice,
        "class": cfg["solver"][TARGET],
        "task": "voxels" if isinstance(problem, VoxelProblem) else "thickness",
        "settings": cfg["solver"],
        "energies_keV": list(chosen),
    }
    return Predictor(predict, described, device)


def _problem(
    cfg: Mapping[str, Any], engine: Any, store: ScanStore, energies: Sequence[float]
) -> LayeredProblem | VoxelProblem:
    """Return what the configured solver is to invert."""
    noise = build(cfg["noise"]["eval"], "noise.eval")
    target = locate(cfg["solver"][TARGET], "solver")
    if not (isinstance(target, type) and issubclass(target, VoxelSolver)):
        return LayeredProblem(engine, store.stack, Beam(energies), noise)
    box = store.box
    dose = check_fits(noise, store.electrons, store.several, str(store.root)).deviation() ** -2
    beam = replace(store.beam, energies_keV=energies, electrons=round(dose))
    return VoxelProblem(box, beam, engine)


def find_device(device: str) -> str:
    """Return the device for "auto", which takes CUDA when there is one, or the device itself.

    Raises:
        InputError: there is no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device={device} but PyTorch finds no GPU; choose device=cpu or auto")
    return device


def _indices(energies: Sequence[float], chosen: Sequence[float], store: ScanStore) -> list[int]:
    for energy in chosen:
        if energy not in energies:
            raise InputError(
                f"energies_keV asks for {energy:g} keV but {store.root} has "
                f"{', '.join(f'{e:g}' for e in energies)} keV; choose among them"
            )
    return [list(energies).index(energy) for energy in chosen]


def _name(choice: str, overrides: Sequence[str]) -> str:
    """Name the solver by its choice and by every setting that was given."""
    told = [o.lstrip("+") for o in overrides]
    settings = [plain(o) for o in told if o.startswith(("solver.", "energies_keV="))]
    return "+".join([choice, *sorted(settings)])
