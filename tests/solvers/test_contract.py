"""What every solver of layers in conf/solver owes; test_voxel_contract.py has those of voxels."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sem3d.errors import InputError
from sem3d.geometry.voxelise import voxelise
from sem3d.runtime.build import build, locate
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import PoissonNoise
from sem3d.simulate.quirks import CORRECTED
from sem3d.solvers import solver as solver_module
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.solver import Solver
from sem3d.specimen import Beam, LayeredSpecimen, LayerStack, Scan
from tests.contracts.conftest import compose, options
from tests.solvers.conftest import Noisy


def solver_class(name: str) -> type:
    return locate(compose("evaluate", f"solver={name}")["solver"]["_target_"], name)  # type: ignore[return-value]


SOLVERS = [name for name in options("solver") if issubclass(solver_class(name), Solver)]
every_solver = pytest.mark.parametrize("name", SOLVERS)
every_proper_solver = pytest.mark.parametrize("name", sorted({*SOLVERS} - {"tikhonov_naive"}))


def make(name: str, problem: LayeredProblem, **changes: Any) -> Solver:
    """Build a solver as `evaluate` does; a start for two layers holds for two layers only."""
    node = compose("evaluate", f"solver={name}")["solver"] | changes
    if len(problem.stack.materials) != 2 and "start_nm" in node:
        node["start_nm"] = None
    return build(node, "solver", problem=problem)


def maps_of(found: Any) -> dict[str, Any]:
    return {
        f.name: v for f in dataclasses.fields(found) if (v := getattr(found, f.name)) is not None
    }


@every_proper_solver
def test_without_noise_every_thickness_is_found(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    found = make(name, problem)(scan_of(terraces)[None])
    assert (found.thickness_nm[0] - terraces).abs().max() < 0.1
    assert torch.equal(found.labels[0], voxelise(terraces))
    assert found.residual.max() < 1.5


@every_proper_solver
def test_at_two_percent_most_voxels_are_right(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    found = make(name, problem)(scan_of(terraces, 0.02)[None])
    assert (found.labels[0] == voxelise(terraces)).float().mean() > 0.97
    assert found.residual.mean() == pytest.approx(1, abs=0.1)


@every_solver
def test_shapes_ranges_and_dtypes(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scans = torch.stack([scan_of(terraces, 0.02), scan_of(terraces.flip(1), 0.05)])
    found = make(name, problem)(scans)
    assert (found.labels.shape, found.labels.dtype) == ((2, 16, 24, 20), torch.uint8)
    assert (found.thickness_nm.shape, found.thickness_nm.dtype) == ((2, 2, 24, 20), torch.float32)
    limits = torch.tensor(problem.stack.limits_nm)[:, None, None]
    assert ((found.thickness_nm >= 0) & (found.thickness_nm <= limits)).all()
    assert found.uncertainty_nm.shape == found.thickness_nm.shape
    assert found.residual.shape == (2, 24, 20)
    assert (found.uncertainty_nm >= 0).all()
    for name_, values in maps_of(found).items():
        assert not values.is_floating_point() or values.isfinite().all(), name_
    if found.ambiguity is not None:
        assert found.ambiguity.shape == (2, 24, 20)
        assert ((found.ambiguity >= 0) & (found.ambiguity <= 1)).all()


@every_solver
def test_a_scan_gives_arrays_and_equals_its_place_in_a_batch(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    solver = make(name, problem)
    scans = torch.stack([scan_of(terraces, 0.05), scan_of(terraces.flip(2), 0.02)])
    batch = solver(scans)
    single = solver(Scan(scans[1].numpy(), problem.beam))
    again = solver(scans)
    for key, values in maps_of(single).items():
        assert isinstance(values, np.ndarray)
        np.testing.assert_array_equal(values, getattr(batch, key)[1].numpy(), key)
        assert torch.equal(getattr(batch, key), getattr(again, key))


@every_solver
def test_energies_are_chosen_from_a_scan_by_their_value(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    some = dataclasses.replace(problem, beam=Beam([5, 6, 7, 8, 11, 15, 20, 26, 30, 35]))
    full = scan_of(terraces, 0.01)
    images = [problem.beam.energies_keV.index(e) for e in some.beam.energies_keV]
    solver = make(name, some, level=0.01)
    found = solver(Scan(full.numpy(), problem.beam))
    np.testing.assert_array_equal(found.labels, solver(full[None, images]).labels[0].numpy())
    with pytest.raises(InputError, match=r"built for 5 keV but the scan has the energies 7, 9 keV"):
        solver(Scan(full[:2].numpy(), Beam([7, 9])))


@every_solver
def test_counting_noise_and_its_own_level(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    """Look-up of counts: the noise level estimated from the scan is 1 / sqrt(electrons)."""
    dose = PoissonNoise(2500)
    counting = dataclasses.replace(problem, noise=dose)
    solver = make(name, counting)
    scan = scan_of(terraces, dose)
    assert solver.space.estimate_level(scan) == pytest.approx(0.02, rel=0.05)
    found = solver(scan[None])
    if name != "tikhonov_naive":
        assert (found.labels[0] == voxelise(terraces)).float().mean() > 0.94
        assert found.residual.mean() == pytest.approx(1, abs=0.12)


@every_proper_solver
@pytest.mark.parametrize("layers", [1, 3])
def test_any_number_of_layers(name: str, layers: int, beam: Beam) -> None:
    stack = LayerStack(("Au", "Al", "Au")[:layers], (6, 30, 4)[:layers], slices=4)
    engine = Analytic(CORRECTED)
    problem = LayeredProblem(engine, stack, beam, PoissonNoise(100))
    maps = torch.zeros(layers, 12, 12, dtype=torch.int64)
    for n, thickness in enumerate((5, 20, 3)[:layers]):
        maps[n, 4 * n // 2 : 9, 2 : 10 - n] = thickness
    scan = engine.table(stack, beam)(maps)
    found = make(name, problem)(scan[None])
    assert (found.thickness_nm[0] - maps).abs().max() < 0.2


PIXELWISE = [name for name in SOLVERS if solver_class(name).pixelwise]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", PIXELWISE)
def test_tiles_change_nothing(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan = scan_of(terraces, 0.02)[None]
    whole = make(name, problem)
    tiled = make(name, problem)
    tiled.tile_pixels = 100  # five rows at a time
    one, two = whole(scan), tiled(scan)
    for key, values in maps_of(one).items():
        apart = (getattr(two, key).double() - values.double()).abs()
        assert (apart > 2e-3 + 1e-3 * values.double().abs()).float().mean() < 0.005, key


@every_solver
def test_scans_that_the_physics_cannot_give_are_refused(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    solver = make(name, problem)
    scan = scan_of(terraces)[None]
    negative, infinite = scan.clone(), scan.clone()
    negative[0, 3, 2, 1] = -0.1
    infinite[0, 30, 0, 5] = torch.inf
    with pytest.raises(InputError, match=r"scan holds -0\.1 at 8 keV, y 2, x 1"):
        solver(negative)
    with pytest.raises(InputError, match=r"scan holds inf at 35 keV, y 0, x 5"):
        solver(infinite)
    with pytest.raises(InputError, match="scan has 30 images but the solver is built for 31"):
        solver(scan[:, 1:])
    for scale in (1 / 0.49, 255.0):
        with pytest.raises(InputError, match=r"bare Si is 0\.49; divide it by the signal of bare"):
            solver(scan * scale)


@every_solver
@pytest.mark.parametrize("level", [0.0, -0.1, 2.0])
def test_a_wrong_level_is_refused(name: str, level: float, problem: LayeredProblem) -> None:
    with pytest.raises(InputError, match=r"solver\.level is .*; give a relative noise"):
        make(name, problem, level=level)


@every_solver
def test_few_energies_do(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    few = dataclasses.replace(problem, beam=Beam([5, 8, 12, 20, 30]))
    found = make(name, few)(Scan(scan_of(terraces, 0.005).numpy(), problem.beam))
    if name != "tikhonov_naive":
        assert (found.labels == voxelise(terraces).numpy()).mean() > 0.97


@every_solver
def test_a_material_without_constants_is_told(name: str, beam: Beam) -> None:
    stack = LayerStack(("Au", "Ag"), (5, 20))
    problem = LayeredProblem(Analytic(CORRECTED), stack, beam, PoissonNoise(100))
    with pytest.raises(InputError, match="material 'Ag' has no constants"):
        make(name, problem)


@pytest.mark.gpu
@every_solver
def test_cpu_and_gpu_agree(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    scan = scan_of(terraces, 0.02)[None]
    here = make(name, problem)(scan)
    there = make(name, problem).to("cuda")(scan.to("cuda"))
    agree = (there.labels.cpu() == here.labels).float().mean()
    assert agree > 0.999
    apart = (there.thickness_nm.cpu() - here.thickness_nm).abs()
    assert (apart > 0.01).float().mean() < 0.005


@every_solver
def test_a_field_beyond_the_memory_is_told_or_done_in_tiles(
    name: str,
    problem: LayeredProblem,
    terraces: Tensor,
    scan_of: Noisy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solver_module, "free_memory", lambda device: 100_000)
    solver = make(name, problem)
    scan = scan_of(terraces, 0.02)[None]
    if solver.pixelwise:
        assert solver(scan).labels.shape == (1, 16, 24, 20)
    else:
        with pytest.raises(InputError, match=r"24 x 20 pixels needs about .* cut the field into"):
            solver(scan)


@every_solver
def test_the_engine_stays_as_it_was(name: str, problem: LayeredProblem) -> None:
    """Solvers of one problem share its table: moving one must not move it."""
    table = problem.engine.table(problem.stack, problem.beam).table
    solver = make(name, problem)
    assert all(table.data_ptr() != buffer.data_ptr() for buffer in solver.buffers())


@every_solver
def test_what_is_no_batch_of_scans_is_told(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    solver = make(name, problem)
    scan = scan_of(terraces)
    for wrong, told in (
        (scan.numpy(), "not ndarray; make a Scan"),
        (scan, r"shape \(31, 24, 20\); give a batch .* for a single scan scan\[None\]"),
        (scan[None, :, :0], "with pixels"),
    ):
        with pytest.raises(InputError, match=told):
            solver.forward.__wrapped__(solver, wrong)


@every_proper_solver
def test_a_scan_of_other_physics_is_refused(name: str, problem: LayeredProblem) -> None:
    specimen = LayeredSpecimen(np.zeros((2, 8, 8), np.uint8), problem.stack)
    solver = make(name, problem)
    assert solver(problem.engine.simulate(specimen, problem.beam)).labels.sum() == 0
    with pytest.raises(InputError, match=r"simulated with quirks = .* but the solver assumes"):
        solver(Analytic(CORRECTED).simulate(specimen, problem.beam))


@every_proper_solver
def test_a_wrong_scale_is_warned_of(
    name: str, problem: LayeredProblem, terraces: Tensor, scan_of: Noisy
) -> None:
    solver = make(name, problem)
    with pytest.warns(UserWarning, match="the model does not describe this scan; check its scale"):
        solver(1.07 * scan_of(terraces, 0.01)[None])
