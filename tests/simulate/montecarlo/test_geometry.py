"""Specimens whose signals must agree, and the device's view of a grid."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.cpu import run_tasks, simulate_on_cpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.media import media
from sem3d.simulate.montecarlo.tasks import ExitSignal, Job, prepare
from sem3d.simulate.montecarlo.voxel_grid import LOST, VoxelGrid, fold, locate, volume
from tests.simulate.montecarlo.stepping import yields as stepping_yields

ENERGIES = (0.5, 1.0, 2.0, 5.0)


def yields(signal: ExitSignal) -> np.ndarray:
    return signal.counts.sum((1, 2)) / signal.electrons.sum((1, 2))


def assert_equal_yields(one: ExitSignal, other: ExitSignal, sigmas: float = 4) -> None:
    """Yields per energy agree within their standard errors."""
    a, b = yields(one), yields(other)
    variance = sum(y * (1 - y) / s.electrons.sum((1, 2)) for y, s in ((a, one), (b, other)))
    np.testing.assert_array_less(np.abs(a - b), sigmas * np.sqrt(variance))


def count(job: Job) -> np.ndarray:
    """Counts per task of a job with other inputs than `prepare` makes."""
    return run_tasks(job.inputs, job.hard, job.tasks(10**9))[:, 0]


def test_a_deep_slab_is_a_substrate(tables, film) -> None:
    beam = ElectronBeam(ENERGIES[:3])
    slab = VoxelGrid(film(40, 2), voxel_nm=(5, 3, 4))
    half_space = VoxelGrid(film(2, 2), substrate=1)
    runs = [
        simulate_on_cpu(g, beam, tables("Si"), (1, k), 10_000)
        for k, g in enumerate((slab, half_space))
    ]
    assert_equal_yields(*runs)


def test_a_substrate_needs_no_voxels_above(tables, film) -> None:
    grid = VoxelGrid(film(1, 4) * 0, substrate=1)
    other = VoxelGrid(film(3, 4), substrate=1)
    beam = ElectronBeam(ENERGIES)
    runs = [
        simulate_on_cpu(g, beam, tables("Cu"), (1, k), 2000) for k, g in enumerate((grid, other))
    ]
    assert_equal_yields(*runs)


def test_flights_through_a_majorant_are_steps_from_voxel_to_voxel(tables, cube) -> None:
    beam, silicon_copper = ElectronBeam(ENERGIES), tables("Si", "Cu")
    grid = VoxelGrid(cube(2)[:, 5:14, 5:14])
    signal = simulate_on_cpu(grid, beam, silicon_copper, (3, 1), 500)
    stepped = stepping_yields(prepare(grid, beam, silicon_copper, (3, 2), 500))
    error = np.sqrt(2 * stepped * (1 - stepped) / (500 * 81))
    np.testing.assert_array_less(np.abs(yields(signal) - stepped), 4 * error)


def test_materials_that_are_not_there_change_nothing(tables, film) -> None:
    beam, grid = ElectronBeam(ENERGIES), VoxelGrid(film(side=4))
    alone = prepare(grid, beam, tables("Si"), (5, 1), 3000)
    listed = prepare(grid, beam, tables("Si", "Cu"), (5, 1), 3000)
    np.testing.assert_array_equal(count(alone), count(listed))


def test_the_majorant_changes_nothing(tables, film) -> None:
    beam, grid = ElectronBeam(ENERGIES), VoxelGrid(film(side=4))
    plain = prepare(grid, beam, tables("Si", "Cu"), (5, 1), 6000)
    higher = media(tables("Si", "Cu"), [1, 2])  # as if copper was present
    other = replace(plain, inputs=plain.inputs._replace(media=higher))
    one, two = (count(job).reshape(len(ENERGIES), -1).sum(1) / 96_000 for job in (plain, other))
    np.testing.assert_array_less(np.abs(one - two), 4 * np.sqrt(2 * one * (1 - one) / 96_000))


def test_electrons_given_up_for_their_range_would_not_return(tables, film) -> None:
    """A crevice adds no matter: only what is full everywhere counts against the range."""
    labels = np.concatenate([film(5, 4), film(60, 4) * 0, film(40, 4)])
    labels[:20, :2] = 0
    job = prepare(
        VoxelGrid(labels, sides="periodic"), ElectronBeam(ENERGIES), tables("Si"), (5, 1), 1500
    )
    limits = job.inputs.media.limits.copy()
    limits[:, 2] = np.inf
    patient = replace(
        job, inputs=job.inputs._replace(media=job.inputs.media._replace(limits=limits))
    )
    # the midpoint rule itself lets an electron in 10^4 outlive its range
    np.testing.assert_allclose(count(job), count(patient), atol=1)
    assert np.abs(count(job) - count(patient)).sum() < 2e-4 * count(job).sum()
    assert count(job).reshape(4, 4, 4)[1, :2].mean() > 0.05 * 1500


def test_a_mirrored_specimen_has_a_mirrored_signal(tables, cube) -> None:
    beam, labels = ElectronBeam([2.0]), cube(1, 3, 10)
    plain = simulate_on_cpu(VoxelGrid(labels), beam, tables("Si", "Cu"), (6, 1), 200)
    for k, turned in enumerate((labels[:, ::-1], labels[:, :, ::-1], labels.swapaxes(1, 2))):
        grid = VoxelGrid(np.ascontiguousarray(turned))
        image = simulate_on_cpu(grid, beam, tables("Si", "Cu"), (7, k), 200).counts[0]
        back = (image[::-1], image[:, ::-1], image.T)[k]
        y = (plain.counts[0] + back) / 400
        chi2 = ((plain.counts[0] - back) ** 2 / (400 * y * (1 - y))).sum()
        assert 1e-4 < stats.chi2.sf(chi2, back.size) < 1 - 1e-4


@pytest.mark.parametrize("sides", ["mirror", "periodic"])
def test_a_uniform_specimen_has_a_uniform_image(tables, film, sides: str) -> None:
    grid = VoxelGrid(film(), sides=sides)
    signal = simulate_on_cpu(grid, ElectronBeam([1.0]), tables("Si"), (8, 1), 500)
    y = yields(signal)[0]
    chi2 = ((signal.counts - 500 * y) ** 2 / (500 * y * (1 - y))).sum()
    assert 1e-4 < stats.chi2.sf(chi2, 399) < 1 - 1e-4


def test_absorbing_sides_darken_the_edge(tables, film) -> None:
    beam, grid = ElectronBeam([1.0]), VoxelGrid(film(), voxel_nm=(1, 3, 3), sides="absorb")
    image = simulate_on_cpu(grid, beam, tables("Si"), (8, 1), 500).counts[0]
    mirrored = simulate_on_cpu(VoxelGrid(film(side=10)), beam, tables("Si"), (8, 1), 500)
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert edge.mean() < 0.8 * image[8:12, 8:12].mean()
    assert image[8:12, 8:12].mean() == pytest.approx(mirrored.counts.mean(), rel=0.1)


def test_vacuum_returns_nothing_and_costs_no_energy(tables, film) -> None:
    beam = ElectronBeam(ENERGIES)
    empty = simulate_on_cpu(VoxelGrid(film() * 0), beam, tables("Si"), (9, 1), 100)
    assert empty.counts.sum() == 0
    assert empty.electrons.sum() == 4 * 400 * 100
    grid = VoxelGrid(film(side=4))
    sunk = VoxelGrid(np.concatenate([film(30, 4) * 0, film(side=4)]))
    runs = [simulate_on_cpu(g, beam, tables("Si"), (9, 2), 500).counts for g in (grid, sunk)]
    np.testing.assert_array_equal(*runs)


def test_yield_grows_with_thickness(tables, film) -> None:
    grids = [VoxelGrid(film(nm, 4)) for nm in (2, 5, 10, 20, 40)]
    runs = [simulate_on_cpu(g, ElectronBeam([2.0]), tables("Si"), (1, 1), 4000) for g in grids]
    found = np.array([yields(run)[0] for run in runs])
    assert np.all(np.diff(found) > 4 * np.sqrt(0.25 / 64_000))


def test_fold() -> None:
    def at(place: float, sides: int) -> tuple:
        return fold(np.float32(place), np.float32(0.5), np.float32(20), np.int32(sides))

    assert at(7, 0) == (7, 0.5, 1)
    assert at(-3, 0) == (3, -0.5, 1)
    assert at(23, 0) == (17, -0.5, 1)
    assert at(47, 0) == pytest.approx((7, 0.5, 1), abs=1e-5)
    assert at(-85, 0) == pytest.approx((5, -0.5, 1), abs=1e-5)
    assert at(-3, 1) == pytest.approx((17, 0.5, 1), abs=1e-5)
    assert at(65, 1) == pytest.approx((5, 0.5, 1), abs=1e-5)
    assert at(-3, 2) == (-3, 0.5, 0)
    for place in np.linspace(-300, 300, 999):
        assert all(0 <= at(place, sides)[0] <= 20 for sides in (0, 1))


def test_locate_and_cover() -> None:
    labels = np.ones((4, 1, 2), np.uint8)
    labels[0] = 0
    labels[2, 0, 1] = 0
    view = volume(VoxelGrid(labels, voxel_nm=(2, 1, 1), substrate=3))

    def at(z: float, inside: int = 1) -> tuple:
        place = (np.float32(v) for v in (0.5, 0.5, z))
        return locate(view, *place, np.int32(inside))

    assert at(0.5) == (1, 0.5)
    assert at(3.0) == (1, 2.0)  # a layer with a hole adds nothing
    assert at(5.0) == (1, 3.0)
    assert at(7.0) == (3, 5.0)
    assert at(1.0, inside=0)[0] == LOST
    assert view.depth == 6


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"labels": np.zeros((2, 2), np.uint8)}, "labels"),
        ({"labels": np.zeros((2, 2, 2), np.int64)}, "labels"),
        ({"voxel_nm": (1, 0, 1)}, "voxel_nm"),
        ({"sides": "mirrors"}, "did you mean"),
        ({"substrate": -1}, "substrate"),
    ],
)
def test_bad_grids_are_refused(film, change: dict, word: str) -> None:
    with pytest.raises((InputError, TypeError), match=word):
        VoxelGrid(**{"labels": film()} | change)
