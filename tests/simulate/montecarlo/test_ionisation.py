"""Hard collisions one at a time: mean loss, kinematics, shells, the waiting electrons."""

import numpy as np
import pytest
from numba import njit

from sem3d.simulate.montecarlo.electron_beam import ElectronBeam
from sem3d.simulate.montecarlo.energy_grid import ENERGIES_EV
from sem3d.simulate.montecarlo.hard_collisions import CUT_EV
from sem3d.simulate.montecarlo.ionisation import (
    STACK_ROWS,
    collision_cosines,
    hard_media,
    ionise,
)
from sem3d.simulate.montecarlo.philox import Stream
from sem3d.simulate.montecarlo.tasks import prepare
from sem3d.simulate.montecarlo.transport import run_electrons
from sem3d.simulate.montecarlo.voxel_grid import VoxelGrid

DOWN = np.float32([0.6, 0, 0.8])
MASS = 510998.95


@njit
def collisions(hard, row, energy, direction, bits):
    """Direction and energy of primary and secondary (n, 8) for random bits (n, 2)."""
    found = np.empty((len(bits), 8), np.float32)
    for k in range(len(bits)):
        stream = Stream(np.uint32(1), np.uint32(2), np.uint32(k), np.uint32(3))
        electron = direction[0], direction[1], direction[2], energy
        one, other, _ = ionise(
            hard, np.uint32(1), row, electron, bits[k, 0], bits[k, 1], stream, np.uint32(0)
        )
        found[k, :4] = one
        found[k, 4:] = other
    return found


@njit
def run(inputs, hard, stack, electrons):
    return run_electrons(inputs, hard, stack, 0, 0, electrons, 1)


def drawn(table, energy: float, count: int = 400_000) -> tuple[int, np.ndarray]:
    row = int(np.searchsorted(ENERGIES_EV, energy))
    energy = np.float32(ENERGIES_EV[row])
    bits = np.random.default_rng(0).integers(0, 2**32, (count, 2), np.uint32)
    return row, collisions(hard_media(table), np.uint32(row), energy, DOWN, bits).astype(float)


@pytest.mark.parametrize("hard", ["moller", "dielectric"])
@pytest.mark.parametrize("energy", [500.0, 3000.0, 20_000.0])
def test_hard_and_continuous_losses_add_up_to_the_stopping_power(tables, hard, energy) -> None:
    table, plain = tables("Si", hard=hard), tables("Si")
    row, found = drawn(table, energy)
    loss = ENERGIES_EV[row] - found[:, 3]
    rate = table.sigma[0, row] - table.elastic[0, row]
    mean = table.stopping[0, row] + rate * loss.mean()
    error = rate * loss.std() / np.sqrt(len(loss))
    assert abs(mean - plain.stopping[0, row]) < 0.002 * plain.stopping[0, row] + 4 * error
    assert error < 0.005 * plain.stopping[0, row]
    assert loss.min() >= CUT_EV - 0.01
    largest = ENERGIES_EV[row] / (2 if hard == "moller" else 1)
    assert loss.max() <= largest * (1 + 1e-6)


def test_shells_are_chosen_by_their_share(tables) -> None:
    table = tables("Si", hard="moller")
    row, found = drawn(table, 10_000.0)
    binding = ENERGIES_EV[row] - found[:, 3] - found[:, 7]
    shares = np.diff(hard_media(table).chance[1, row], prepend=0)
    for k, bound in enumerate(table.shells[0, :, 0]):
        same = np.isclose(table.shells[0, :, 0], bound)
        share = np.isclose(binding, bound, atol=0.05).mean()
        assert share == pytest.approx(shares[same].sum(), abs=0.004), k


def test_momentum_of_a_collision_of_two_free_electrons(tables) -> None:
    energy, loss = 8000.0, 1700.0
    cosines = collision_cosines(np.float32(energy), np.float32(loss))
    momenta = [np.sqrt(t * (t + 2 * MASS)) for t in (energy - loss, loss)]
    along = sum(p * c for p, c in zip(momenta, cosines, strict=True))
    across = [p * np.sqrt(1 - float(c) ** 2) for p, c in zip(momenta, cosines, strict=True)]
    assert along == pytest.approx(np.sqrt(energy * (energy + 2 * MASS)), rel=1e-5)
    assert across[0] == pytest.approx(across[1], rel=1e-4)


def test_directions(tables) -> None:
    _, found = drawn(tables("Si", hard="moller"), 5000.0, 20_000)
    primary, secondary = found[:, :3], found[:, 4:7]
    loss = ENERGIES_EV[np.searchsorted(ENERGIES_EV, 5000.0)] - found[:, 3]
    np.testing.assert_allclose(np.linalg.norm(found[:, [0, 1, 2]], axis=1), 1, atol=1e-5)
    normal = np.cross(primary, secondary) @ DOWN.astype(float)
    assert np.abs(normal).max() < 2e-3  # all three in one plane
    hard = loss > 500
    assert np.all(primary[hard] @ DOWN < 1)
    assert np.all(secondary @ DOWN > 0)
    across = primary - np.outer(primary @ DOWN, DOWN)
    assert np.all(np.sum(across * secondary, axis=1)[hard] < 0)  # to opposite sides


def test_distant_collisions_do_not_deflect(tables) -> None:
    _, found = drawn(tables("Si", hard="dielectric"), 10_000.0, 100_000)
    straight = found[:, :3] @ DOWN > 1 - 1e-6
    back = found[:, 4:7] @ DOWN < 0
    assert 0.05 < back.mean() < 0.4  # half of the distant ones
    assert straight[back].all()
    emitted = found[back, 4:7] @ DOWN
    assert emitted.mean() == pytest.approx(-0.5, abs=0.02)  # isotropic


@pytest.mark.slow
@pytest.mark.parametrize("hard", ["moller", "dielectric"])
def test_the_stack_does_not_overflow(tables, hard: str) -> None:
    """Bulk gold at 30 keV, where electrons are followed to the end, however deep they are."""
    grid = VoxelGrid(np.ones((1, 1, 1), np.uint8), substrate=1)
    job = prepare(grid, ElectronBeam([30.0]), tables("Au", hard=hard), (1, 1), 1)
    limits = job.inputs.media.limits.copy()
    limits[:, 2] = np.inf
    media = job.inputs.media._replace(limits=limits)
    stack = np.full((STACK_ROWS, 7), np.nan, np.float32)
    run(job.inputs._replace(media=media), job.hard, stack, 1000)
    used = int(np.isfinite(stack).all(1).sum())
    assert 3 < used < 12
