"""The bit trick finds what a search in the edges finds."""

import numpy as np
import pytest

from sem3d.simulate.montecarlo.energy_grid import (
    ENERGIES_EV,
    N_ANGLES,
    N_ENERGIES,
    TAILS,
    energy_bin,
    tail_bin,
)


def test_the_grids():
    assert len(ENERGIES_EV) == N_ENERGIES == 177
    assert len(TAILS) == N_ANGLES == 321
    assert ENERGIES_EV[[0, 1, 16, 17, -1]].tolist() == [32, 34, 64, 68, 65536]
    assert TAILS[0] == 2.0**-20
    assert TAILS[-1] == 1


def places(bin_of, values):
    return np.array([sum(bin_of(np.float32(value))) for value in values])


def test_energies_are_placed_as_by_a_search():
    energies = np.geomspace(32, 65536, 997).astype(np.float32)[1:-1]
    expected = np.interp(energies, ENERGIES_EV, np.arange(N_ENERGIES))
    np.testing.assert_allclose(places(energy_bin, energies), expected, atol=1e-5)


def test_tails_are_placed_as_by_a_search():
    tails = np.geomspace(2.0**-20, 1, 997).astype(np.float32)[1:-1]
    expected = np.interp(tails, TAILS, np.arange(N_ANGLES))
    np.testing.assert_allclose(places(tail_bin, tails), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("energy", "expected"),
    [(1.0, (0, 0)), (32.0, (0, 0)), (33.0, (0, 0.5)), (65536.0, (175, 1)), (1e6, (175, 1))],
)
def test_energies_at_and_beyond_the_ends(energy, expected):
    assert energy_bin(np.float32(energy)) == expected


@pytest.mark.parametrize(
    ("tail", "expected"), [(2.0**-24, (0, 0)), (2.0**-20, (0, 0)), (0.5, (304, 0)), (1.0, (319, 1))]
)
def test_tails_at_and_beyond_the_ends(tail, expected):
    assert tail_bin(np.float32(tail)) == expected
