import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sem3d.errors import InputError
from sem3d.simulate.thinning import thin


def draw(several: bool, dose: int, electrons: int = 500, share: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(3)
    counts = rng.binomial(electrons, share, (40_000,))
    return thin(counts, electrons, dose, rng, several)


@pytest.mark.parametrize(("several", "variance"), [(False, 8), (True, 9.8)])
def test_mean_and_variance_are_those_of_the_lower_dose(several: bool, variance: float) -> None:
    """50 electrons of yield 0.2: N p (1 - p); kept one by one 500 with yield 0.02."""
    found = draw(several, dose=50)
    assert found.mean() == pytest.approx(10, abs=5 * 0.016)
    assert found.var() == pytest.approx(variance, rel=0.04)


def test_the_whole_dose_changes_nothing() -> None:
    counts = np.arange(10)
    np.testing.assert_array_equal(thin(counts, 10, 10, np.random.default_rng(0)), counts)


@given(dose=st.integers(1, 60), seed=st.integers(0, 99))
def test_thinned_counts_stay_in_range(dose: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 61, (6, 5))
    found = thin(counts, 60, dose, rng)
    assert ((found >= 0) & (found <= counts) & (found <= dose)).all()
    assert (found >= counts - (60 - dose)).all()


@pytest.mark.parametrize("dose", [0, 501])
def test_an_impossible_dose_is_told(dose: int) -> None:
    with pytest.raises(InputError, match="give 1 to 500"):
        draw(False, dose)


def test_counts_beyond_the_electrons_need_several() -> None:
    with pytest.raises(InputError, match="set several=True"):
        thin(np.array([12]), 10, 5, np.random.default_rng(0))
    assert thin(np.array([12]), 10, 5, np.random.default_rng(0), several=True) <= 12
