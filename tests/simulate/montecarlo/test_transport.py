"""Independence of the order of work, statistics, beam and detector, reference yields."""

import numpy as np
import pytest
from scipy import stats

from sem3d.errors import InputError
from sem3d.simulate.montecarlo.cpu import simulate_on_cpu
from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV, TAILS
from sem3d.simulate.montecarlo.tasks import prepare
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

KEY = (11, 5)
BEAM = ElectronBeam([0.5, 1.0, 3.0])


def total_yields(grid: VoxelGrid, beam: ElectronBeam, table, electrons: int, key=KEY) -> np.ndarray:
    signal = simulate_on_cpu(grid, beam, table, key, electrons)
    return signal.counts.sum((1, 2)) / signal.electrons.sum((1, 2))


@pytest.mark.parametrize("hard", ["none", "moller", "dielectric"])
def test_threads_do_not_matter(tables, cube, hard: str) -> None:
    grid, table = VoxelGrid(cube(3)), tables("Si", "Cu", hard=hard)
    runs = [simulate_on_cpu(grid, BEAM, table, KEY, 20, threads=n) for n in (1, 2, 3)]
    assert runs[0].counts.sum() > 0
    for run in runs[1:]:
        np.testing.assert_array_equal(run.counts, runs[0].counts)
        np.testing.assert_array_equal(run.energy_eV, runs[0].energy_eV)


@pytest.mark.parametrize("hard", ["none", "dielectric"])
def test_any_part_of_the_work_is_that_part_of_the_whole(tables, cube, hard: str) -> None:
    grid, table = VoxelGrid(cube(3)), tables("Si", "Cu", hard=hard)
    whole = simulate_on_cpu(grid, BEAM, table, KEY, 30).counts
    asked = np.random.default_rng(0).integers(0, 2, whole.shape) * 30
    part = simulate_on_cpu(grid, BEAM, table, KEY, asked).counts
    np.testing.assert_array_equal(part, np.where(asked > 0, whole, 0))
    first = np.random.default_rng(1).integers(0, 31, whole.shape)
    begun = simulate_on_cpu(grid, BEAM, table, KEY, first).counts
    resumed = simulate_on_cpu(grid, BEAM, table, KEY, 30 - first, first=first).counts
    np.testing.assert_array_equal(begun + resumed, whole)


def test_seed_and_sample_matter(tables, film) -> None:
    images = [
        simulate_on_cpu(VoxelGrid(film()), BEAM, tables("Si"), key, 20).counts
        for key in ((1, 2), (2, 1), (1, 3))
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        a, b = (images[k].ravel() - images[k].mean() for k in (one, other))
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.6  # energies differ in yield
        assert (images[one] != images[other]).mean() > 0.5


def test_counts_scatter_like_a_binomial(tables, film) -> None:
    grid = VoxelGrid(film())
    counts = simulate_on_cpu(grid, BEAM, tables("Si"), KEY, 100).counts.reshape(3, -1)
    y = counts.mean(1, keepdims=True) / 100
    chi2 = ((counts - 100 * y) ** 2 / (100 * y * (1 - y))).sum(1)
    assert np.all((stats.chi2.sf(chi2, 399) > 1e-4) & (stats.chi2.sf(chi2, 399) < 1 - 1e-4))


def test_progress_and_interrupt(tables, film) -> None:
    seen = []
    arguments = VoxelGrid(film()), BEAM, tables("Si"), KEY, 50
    simulate_on_cpu(*arguments, threads=2, on_progress=lambda *n: seen.append(n))
    assert [total for _, total in seen] == [3 * 400 * 50] * len(seen)
    assert len(seen) > 8
    assert seen[-1][0] == 3 * 400 * 50
    assert sorted(seen) == seen

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_on_cpu(*arguments, threads=2, on_progress=stop)


def test_energies_are_summed_for_an_energy_weighted_detector(tables, film) -> None:
    signal = simulate_on_cpu(VoxelGrid(film(side=4)), BEAM, tables("Si"), KEY, 1000)
    mean_keV = signal.energy_eV.sum((1, 2)) / signal.counts.sum((1, 2)) / 1000
    assert np.all(mean_keV < BEAM.energies_keV)
    assert np.all(mean_keV > 0.4 * np.array(BEAM.energies_keV))


def test_polar_windows_share_out_the_exits(tables, film) -> None:
    grid, counts = VoxelGrid(film(side=8)), {}
    for window in ((0, 90), (0, 45), (45, 90)):
        beam = ElectronBeam([1.0], polar_deg=window)
        counts[window] = simulate_on_cpu(grid, beam, tables("Si"), KEY, 500).counts
    np.testing.assert_array_equal(counts[0, 45] + counts[45, 90], counts[0, 90])
    assert 0.3 < counts[0, 45].sum() / counts[0, 90].sum() < 0.7  # a cosine law has a half


def test_tilt_raises_the_yield_alike_in_mirrored_directions(tables, film) -> None:
    grid = VoxelGrid(film(side=4))
    beams = [ElectronBeam([2.0], tilt_deg=t) for t in (0, 60, -60)]
    straight, right, left = (total_yields(grid, b, tables("Si"), 4000)[0] for b in beams)
    assert right > 1.5 * straight
    assert abs(right - left) < 4 * np.sqrt(2 * right * (1 - right) / 64_000)


def test_a_wide_spot_blurs_an_edge(tables, film) -> None:
    labels = film()
    labels[:, :, 10:] = 2
    profiles = {}
    for spot in (0.0, 4.0, None):
        beam = ElectronBeam([2.0], spot_sigma_nm=spot)
        counts = simulate_on_cpu(VoxelGrid(labels), beam, tables("Si", "Cu"), KEY, 200).counts[0]
        profiles[spot] = counts.sum(0) / 4000
    step = {spot: p[11] - p[8] for spot, p in profiles.items()}
    assert step[4.0] < 0.7 * step[0.0]
    assert step[None] == pytest.approx(step[0.0], rel=0.15)
    assert profiles[4.0][[0, -1]] == pytest.approx(profiles[0.0][[0, -1]], rel=0.1)


def test_image_points_need_not_be_voxels(tables, film) -> None:
    beam = ElectronBeam([2.0], pixels=(3, 7))
    signal = simulate_on_cpu(VoxelGrid(film()), beam, tables("Si"), KEY, 2000)
    assert signal.counts.shape == (1, 3, 7)
    assert signal.counts.sum() / 42_000 == pytest.approx(0.141, rel=0.05)


def test_single_scattering_limit(tables) -> None:
    """A film thinner than a free path returns those deflected by more than 90 degrees."""
    for nm, keV, known in ((2, 10.0, 3.55e-4), (5, 20.0, 2.12e-4)):
        row = int(np.argmin(np.abs(ENERGIES_EV - 1000 * keV)))
        backward = np.interp(-0.5, -tables("Si").angle[0, row], TAILS)
        expected = nm * tables("Si").elastic[0, row] * backward
        assert expected == pytest.approx(known, rel=0.08)
        grid = VoxelGrid(np.ones((nm, 1, 1), np.uint8), voxel_nm=(1, 20, 20))
        electrons = 4_000_000
        found = total_yields(grid, ElectronBeam([keV]), tables("Si"), electrons)[0]
        assert abs(found - expected) < 0.04 * expected + 3 * np.sqrt(expected / electrons)


def test_yields_of_the_silicon_film(tables, film) -> None:
    beam = ElectronBeam([1.0, 2.0, 5.0, 10.0])
    known = np.array([0.206, 0.141, 0.0201, 0.0041])
    found = total_yields(VoxelGrid(film()), beam, tables("Si"), 250)
    error = np.sqrt(known * (1 - known) / 100_000)
    np.testing.assert_array_less(np.abs(found - known), 4 * error + 0.02 * known)


@pytest.mark.parametrize(
    ("hard", "known"),
    [
        ("moller", [0.2340, 0.2194, 0.1517, 0.0248, 0.0066]),
        ("dielectric", [0.2576, 0.2502, 0.1650, 0.0306, 0.0103]),
    ],
)
def test_yields_with_hard_collisions(tables, film, hard: str, known: list[float]) -> None:
    beam, wanted = ElectronBeam([0.5, 1.0, 2.0, 5.0, 10.0]), np.array(known)
    found = total_yields(VoxelGrid(film()), beam, tables("Si", hard=hard), 250)
    error = np.sqrt(2 * wanted / 100_000)
    np.testing.assert_array_less(np.abs(found - wanted), 4 * error + 0.02 * wanted)


@pytest.mark.slow
def test_dielectric_collisions_agree_with_the_reference_simulator(tables, film) -> None:
    """Section 5.4: within 15 % of its yields at 1, 2, 5 keV and 30 % at 10 keV."""
    beam = ElectronBeam([1.0, 2.0, 5.0, 10.0])
    found = total_yields(VoxelGrid(film()), beam, tables("Si", hard="dielectric"), 1000)
    ratio = found / [0.2663, 0.1772, 0.0343, 0.0114]
    assert np.all(np.abs(ratio - 1) < [0.15, 0.15, 0.15, 0.30])


def test_copper_five_nanometres_deep(tables, cube, film) -> None:
    beam, electrons = ElectronBeam([2.0]), np.zeros((1, 20, 20), int)
    electrons[:, 7:12, 7:12] = 4000
    with_copper, without = (
        simulate_on_cpu(VoxelGrid(labels), beam, tables("Si", "Cu"), KEY, electrons).counts.sum()
        for labels in (cube(5), film())
    )
    error = np.sqrt((0.25 * 0.75 + 0.14 * 0.86) / 100_000)
    assert (with_copper - without) / 100_000 == pytest.approx(0.105, abs=4 * error + 0.02 * 0.105)


@pytest.mark.slow
def test_deeper_copper_is_seen_at_higher_energy(tables, cube, film) -> None:
    beam = ElectronBeam([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0])
    electrons = np.zeros((8, 20, 20), int)
    electrons[:, 7:12, 7:12] = 4000

    def counts(labels: np.ndarray) -> np.ndarray:
        run = simulate_on_cpu(VoxelGrid(labels), beam, tables("Si", "Cu"), KEY, electrons)
        return run.counts.sum((1, 2))

    plain = counts(film())
    change = np.array([counts(cube(depth)) - plain for depth in (0, 5, 15)])
    best = np.argmax(change / np.sqrt(plain), axis=1)
    assert np.all(np.diff(best) > 0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"energies_keV": [0.04]}, "energies_keV"),
        ({"energies_keV": [70.0]}, "energies_keV"),
        ({"energies_keV": []}, "energies_keV"),
        ({"e_cut_eV": 20.0}, "e_cut_eV"),
        ({"pixels": (0, 3)}, "pixels"),
        ({"spot_sigma_nm": -1.0}, "spot_sigma_nm"),
        ({"tilt_deg": 90.0}, "tilt_deg"),
        ({"polar_deg": (45.0, 30.0)}, "polar_deg"),
    ],
)
def test_bad_beams_are_refused(change: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        ElectronBeam(**{"energies_keV": [1.0]} | change)


def test_bad_runs_are_refused(tables, film, cube) -> None:
    grid, table = VoxelGrid(film()), tables("Si")
    with pytest.raises(InputError, match="threads"):
        simulate_on_cpu(grid, BEAM, table, KEY, 1, threads=0)
    with pytest.raises(InputError, match="key"):
        prepare(grid, BEAM, table, (-1, 0), 1)
    with pytest.raises(InputError, match="electrons"):
        prepare(grid, BEAM, table, KEY, 2**32, first=1)
    with pytest.raises(InputError, match="label 2"):
        prepare(VoxelGrid(cube(0)), BEAM, table, KEY, 1)
