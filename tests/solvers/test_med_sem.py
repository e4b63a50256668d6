"""Blind and calibrated multi-energy deconvolution of specimens with a known answer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.engine import MonteCarlo
from sem3d.solvers.med_sem import MedSem
from sem3d.solvers.med_sem_calibrated import MedSemCalibrated
from sem3d.solvers.med_sem_response import measure_response
from sem3d.solvers.voxel_problem import VoxelProblem
from sem3d.specimen import Beam, VoxelBox
from tests.solvers.voxel_mixture import (
    BEAM,
    BOX,
    LOWER,
    UPPER,
    MixtureEngine,
    depth_of,
    iou,
    problem_of,
    specimen_of,
)


@pytest.fixture(autouse=True, scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("sources", [4, 6, None])
def test_blind_sources_come_in_order_of_depth(sources: int | None) -> None:
    """Upper and lower copper in one scan: each is found over its own depths."""
    scan = MixtureEngine(noisy=True).simulate(specimen_of(UPPER, LOWER), BEAM)
    score = MedSem(problem_of(MixtureEngine(noisy=True)), sources)(scan).probability
    upper, lower = (depth_of(score[:, y, x]) for _, y, x in (UPPER, LOWER))
    assert upper + 1.5 < lower


def test_the_median_level_needs_no_simulation_but_bare_pixels() -> None:
    engine = MixtureEngine()
    solver = MedSem(problem_of(engine), matrix="median")
    assert engine.calls == 0
    small, wide = specimen_of(UPPER), specimen_of((slice(0, 3), slice(0, 10), slice(0, 10)))
    found = solver(engine.simulate(small, BEAM)).labels
    known = MedSem(problem_of(engine))
    assert iou(found, small) == pytest.approx(
        iou(known(engine.simulate(small, BEAM)).labels, small), abs=0.1
    )
    scan = engine.simulate(wide, BEAM)
    assert iou(solver(scan).labels, wide) < 0.5 * iou(known(scan).labels, wide)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sources": 1}, r"solver\.sources is 1; give at least 2 or null"),
        ({"refit_every": 0}, "refit_every 0"),
        ({"escape": 0.0}, r"escape 0\.0"),
        ({"matrix": "medium"}, r"solver\.matrix is 'medium', did you mean"),
    ],
)
def test_blind_settings_out_of_range_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        MedSem(problem_of(), **change)  # type: ignore[arg-type]


def test_the_response_is_measured() -> None:
    """Without noise the fit returns weights and widths of the engine."""
    engine = MixtureEngine()
    weights, widths = measure_response(problem_of(engine))
    true = engine.weights(BOX, BEAM)
    seen = true > 0.02 * true.amax(1, keepdim=True)
    assert ((weights / true - 1)[seen].abs() < 0.05).float().mean() > 0.9
    assert (widths[2] / engine.widths(BOX, BEAM)[2] - 1).abs().max() < 0.1


@pytest.mark.parametrize("bend", [0.0, 2.0])
def test_calibration_gives_the_depth(bend: float) -> None:
    engine = MixtureEngine(bend)
    solver = MedSemCalibrated(problem_of(engine), rounds=200)
    scan = engine.simulate(specimen_of(UPPER), BEAM)
    assert iou(solver(scan).labels, specimen_of(UPPER)) > 0.8
    if bend:
        torch.testing.assert_close(solver.bend.median(), torch.tensor(bend), atol=0.5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("solver", [MedSem, MedSemCalibrated])
def test_copper_of_the_monte_carlo_engine_is_found(solver: type, tmp_path: Path) -> None:
    """A buried and a shallow copper block in silicon, counted electron by electron."""
    box = VoxelBox(("Si", "Cu"), (10, 10, 10), (2.0, 1.0, 1.0))
    beam = Beam([0.5, 1, 1.5, 2, 3, 5, 8], electrons=1000)
    engine = MonteCarlo()
    found = solver(VoxelProblem(box, beam, engine))
    shallow = specimen_of((slice(0, 4), slice(3, 8), slice(3, 8)), box=box)
    buried = specimen_of((slice(4, 8), slice(3, 8), slice(3, 8)), box=box)
    results = [found(engine.simulate(each, beam, (3, 1))) for each in (shallow, buried)]
    assert iou(results[0].labels, shallow) > 0.5
    assert iou(results[1].labels, buried) > 0.2
    inside = np.s_[:, 4:7, 4:7]
    depths = [depth_of(each.probability[inside]) for each in results]
    assert depths[0] + 1 < depths[1]


@pytest.mark.slow
def test_fast_electrons_tell_no_depth() -> None:
    """A copper layer of 1 nm on top or at the bottom of 20 nm of silicon, at 1 and at 3 keV."""
    box = VoxelBox(("Si", "Cu"), (20, 1, 1))
    beam = Beam([1.0, 3.0], electrons=200_000)

    def added(depth: int) -> np.ndarray:
        layer = specimen_of(np.s_[depth : depth + 1, :, :], box=box)
        bare, with_it = (MonteCarlo().simulate(s, beam) for s in (specimen_of(box=box), layer))
        return (with_it.signal - bare.signal)[:, 0, 0]

    top, bottom = added(0), added(19)
    assert bottom[0] < 0.1 * top[0]
    assert bottom[1] == pytest.approx(top[1], rel=0.2)
