"""Every electron has its shell."""

import pytest

from sem3d.chemistry import ELEMENTS
from sem3d.simulate.montecarlo.shells import SHELLS


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_shells_hold_all_electrons(symbol):
    assert sum(electrons for _, electrons in SHELLS[symbol]) == ELEMENTS[symbol].Z
    assert SHELLS[symbol][-1][0] == 0
    assert all(binding > 0 for binding, _ in SHELLS[symbol][:-1])


def test_inner_shells_are_bound_tighter_in_heavy_atoms():
    ordered = sorted(ELEMENTS, key=lambda symbol: ELEMENTS[symbol].Z)
    inner = [SHELLS[symbol][0][0] for symbol in ordered]
    assert inner == sorted(inner)


@pytest.mark.parametrize(
    ("symbol", "valence"),
    [("H", 1), ("Mg", 2), ("Fe", 8), ("Ge", 4), ("Ta", 5), ("Pb", 4), ("U", 6)],
)
def test_electrons_outside_the_core_are_valence(symbol, valence):
    assert SHELLS[symbol][-1] == (0, valence)
