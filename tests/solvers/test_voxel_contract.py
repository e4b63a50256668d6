"""What every voxel solver of conf/solver owes, whatever its method."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.runtime.build import build, locate
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.solvers.voxel_solver import VoxelSolver
from sem3d.specimen import Beam, Scan, VoxelBox
from tests.contracts.conftest import compose, options
from tests.solvers.voxel_mixture import (
    BEAM,
    BOX,
    LOWER,
    UPPER,
    MixtureEngine,
    iou,
    problem_of,
    specimen_of,
)


def node(name: str) -> dict[str, Any]:
    return compose("evaluate", f"solver={name}")["solver"]


SOLVERS = [n for n in options("solver") if issubclass(locate(node(n)["_target_"], n), VoxelSolver)]
every_solver = pytest.mark.parametrize("name", SOLVERS)


@pytest.fixture(autouse=True, scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Reference scans of these tests are kept apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def make(name: str, problem: VoxelProblem | None = None, **changes: Any) -> VoxelSolver:
    return build(node(name) | changes, "solver", problem=problem or problem_of())


def scans() -> Tensor:
    """Yields (2, E, Y, X) with counting noise."""
    engine = MixtureEngine(noisy=True)
    pair = [engine.simulate(specimen_of(c), BEAM, (1, n)) for n, c in enumerate((UPPER, LOWER))]
    return torch.from_numpy(np.stack([scan.signal for scan in pair]))


@every_solver
def test_copper_is_found_where_it_is(name: str) -> None:
    specimen = specimen_of(UPPER)
    scan = MixtureEngine().simulate(specimen, BEAM)
    found = make(name)(scan)
    assert iou(found.labels, specimen) > 0.5
    inside = found.probability[specimen.labels == 2].mean()
    assert inside > 3 * found.probability[specimen.labels == 1].mean()


@every_solver
def test_shapes_ranges_and_dtypes(name: str) -> None:
    solver = make(name, threshold=0.4)
    found = solver(scans())
    assert found.labels.shape == found.probability.shape == (2, *BOX.shape)
    assert (found.labels.dtype, found.probability.dtype) == (torch.uint8, torch.float32)
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
    assert torch.equal(found.labels == 2, found.probability >= 0.4)
    assert found.labels.min() == 1


@every_solver
def test_a_scan_gives_arrays_and_equals_its_place_in_a_batch(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    solver = make(name)
    batch = solver(scans())
    single = solver(Scan(scans()[1].numpy(), BEAM, electrons=2000))
    assert isinstance(single.labels, np.ndarray)
    np.testing.assert_allclose(single.probability, batch.probability[1].numpy(), atol=2e-3)
    monkeypatch.setattr(VoxelSolver, "chunk", 1)
    assert (solver(scans()).probability - batch.probability).abs().max() < 2e-3


@every_solver
@pytest.mark.parametrize("axis", [-1, -2])
def test_mirrored_scans_give_mirrored_volumes(name: str, axis: int) -> None:
    solver = make(name)
    straight = solver(scans()).probability
    mirrored = solver(scans().flip(axis)).probability.flip(axis)
    assert (mirrored - straight).abs().max() < 5e-3


@every_solver
def test_turned_scans_give_turned_volumes(name: str) -> None:
    """On a square field; the first problem's is not square, as it need not be."""
    box = replace(BOX, shape=(8, 12, 12))
    specimen = specimen_of(UPPER, LOWER, box=box)
    scan = torch.from_numpy(MixtureEngine(noisy=True).simulate(specimen, BEAM).signal)[None]
    solver = make(name, problem_of(box=box))
    turned = solver(scan.rot90(1, (-2, -1))).probability.rot90(-1, (-2, -1))
    assert (turned - solver(scan).probability).abs().max() < 5e-3


@every_solver
def test_the_dose_of_a_scan_counts(name: str) -> None:
    """Fewer electrons leave more to the smoothness; the problem's dose is the default."""
    solver = make(name)
    yields = scans()[0].numpy()
    few, usual, told = (solver(Scan(yields, BEAM, electrons=n)) for n in (50, 2000, None))
    np.testing.assert_array_equal(usual.probability, told.probability)
    roughness = [np.abs(np.diff(f.probability, axis=2)).sum() for f in (few, usual)]
    assert roughness[0] < 0.9 * roughness[1]


@every_solver
def test_energies_are_chosen_from_a_scan_by_their_value(name: str) -> None:
    some = Beam(BEAM.energies_keV[::2], electrons=2000)
    solver = make(name, problem_of(beam=some))
    full = scans()[:1]
    found = solver(Scan(full[0].numpy(), BEAM, electrons=2000))
    np.testing.assert_array_equal(found.labels, solver(full[:, ::2]).labels[0].numpy())
    with pytest.raises(InputError, match=r"built for 0\.5 keV but the scan has"):
        solver(Scan(full[0, 1:3].numpy(), Beam([0.8, 1.2])))


@every_solver
def test_scans_that_no_detector_gives_are_refused(name: str) -> None:
    solver, good = make(name), scans()
    for wrong, told in (
        (good[:, 1:], r"shape \(6, 10, 12\) but the solver is built for \(7, 10, 12\)"),
        (good[..., 1:], r"one pixel per column of voxels"),
        (good.clone().index_fill_(1, torch.tensor([2]), torch.nan), "negative or not finite"),
        (good - 1, "negative or not finite"),
        (good * 2000, "divide counts by the dose"),
    ):
        with pytest.raises(InputError, match=told):
            solver(wrong)


@every_solver
def test_a_scan_of_other_physics_is_refused(name: str) -> None:
    scan = MixtureEngine(bend=1.0).simulate(specimen_of(UPPER), BEAM)
    with pytest.raises(InputError, match=r"bend = 1\.0 but the solver assumes"):
        make(name)(scan)


@every_solver
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"threshold": 0.0}, r"solver\.threshold is 0\.0"),
        ({"threshold": 1.0}, r"solver\.threshold is 1\.0"),
        ({"rounds": 0}, "solver has rounds 0"),
        ({"smoothness": -1.0}, "smoothness -1.0"),
        ({"smoothness": float("nan")}, "smoothness nan"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        make(name, **change)


@every_solver
def test_a_problem_without_dose_or_inclusion_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="tells no dose"):
        make(name, problem_of(beam=Beam([1, 2])))
    with pytest.raises(InputError, match="holds Si only"):
        make(name, problem_of(box=VoxelBox(("Si",), (4, 4, 4))))


@every_solver
def test_a_bare_matrix_stays_bare(name: str) -> None:
    """Without noise nothing is found where nothing is."""
    found = make(name)(MixtureEngine().simulate(specimen_of(), BEAM))
    assert (found.labels == 1).all()


@every_solver
def test_references_are_simulated_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = MixtureEngine()
    make(name, problem_of(engine))
    calls = engine.calls
    make(name, problem_of(engine))
    assert engine.calls == calls > 0


@pytest.mark.gpu
@every_solver
def test_cpu_and_gpu_agree(name: str) -> None:
    here = make(name)(scans())
    there = make(name).to("cuda")(scans().to("cuda"))
    assert there.labels.is_cuda
    assert (there.probability.cpu() - here.probability).abs().max() < 0.02
    assert (there.labels.cpu() == here.labels).float().mean() > 0.999
    scan = Scan(scans()[0].numpy(), BEAM, electrons=2000)
    assert isinstance(make(name).to("cuda")(scan).labels, np.ndarray)
