import numpy as np
import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate import dose as module
from sem3d.simulate.dose import CountedDose, Dose, check_fits
from sem3d.simulate.noise import GaussianNoise

COUNTS = torch.from_numpy(np.random.default_rng(0).binomial(200, 0.3, (4, 40, 40))).int()


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_simulated_dose_is_served_as_it_is() -> None:
    assert torch.equal(Dose().of(200, several=False)(COUNTS, generator()), COUNTS / 200)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("thin", ["_thin_on_cpu", "_thin_on_gpu"])
def test_lower_doses_have_the_moments_of_fewer_electrons(thin: str, several: bool) -> None:
    """50 of 200 electrons, of which 60 counted: hypergeometric; binomial where several count."""
    counts = torch.full((1, 200, 200), 60, dtype=torch.int32)
    kept = getattr(module, thin)(counts, 200, 50, several, generator()).double()
    spread = 60 * 0.25 * 0.75 if several else 50 * 0.3 * 0.7 * 150 / 199
    assert kept.mean() == pytest.approx(15, abs=4 * (spread / kept.numel()) ** 0.5)
    assert kept.var() == pytest.approx(spread, rel=4 * (2 / kept.numel()) ** 0.5)
    assert 0 <= kept.min() <= kept.max() <= 50 + 10 * several


def test_the_generator_alone_decides() -> None:
    served = Dose([20, 200]).of(200, several=False)
    assert torch.equal(served(COUNTS, generator(1)), served(COUNTS, generator(1)))
    assert not torch.equal(served(COUNTS, generator(1)), served(COUNTS, generator(2)))


def test_a_range_of_doses_is_drawn_log_uniformly() -> None:
    served = Dose([2, 200]).of(200, several=False)
    all_counted = torch.full((1, 1, 1), 200, dtype=torch.int32)
    assert all(served(all_counted, generator(k)) == 1 for k in range(20))
    half = torch.full((1, 64, 64), 100, dtype=torch.int32)
    spreads = [float(served(half, generator(k)).var()) for k in range(60)]
    middle = 0.25 / 20 * 180 / 199  # at the geometric mean, dose 20
    assert sum(s > middle for s in spreads) == pytest.approx(30, abs=12)


def test_amounts_are_told() -> None:
    assert Dose(100).of(200, False).provenance == {"kind": "counts", "electrons": 100}
    assert Dose().of(200, False).provenance == {"kind": "counts", "electrons": 200}
    assert Dose([50, 100]).of(200, False).provenance["electrons"] == [50, 100]
    assert Dose(100).deviation() == Dose().of(100, False).deviation() == 0.1


@pytest.mark.parametrize("electrons", [0, 1.5, [0, 5], [10, 5]])
def test_impossible_doses_are_refused(electrons: object) -> None:
    with pytest.raises(InputError, match=r"noise.electrons is .*; give a dose"):
        Dose(electrons)


def test_more_electrons_than_simulated_are_refused() -> None:
    with pytest.raises(InputError, match=r"simulated with 200 .* give at most 200"):
        Dose(201).of(200, several=False)


def test_a_range_has_no_deviation() -> None:
    with pytest.raises(InputError, match="a range"):
        Dose([5, 10]).of(200, False).deviation()
    with pytest.raises(InputError, match="give one number"):
        Dose().deviation()


def test_counts_and_signals_have_their_own_noise() -> None:
    assert isinstance(check_fits(Dose(), 200, False, "v"), CountedDose)
    assert check_fits(GaussianNoise(0.1), None, False, "s") == GaussianNoise(0.1)
    with pytest.raises(InputError, match=r"v holds electron counts.* use noise=counts"):
        check_fits(GaussianNoise(0.1), 200, False, "v")
    with pytest.raises(InputError, match=r"s holds signals without noise.*use noise=gaussian"):
        check_fits(Dose(), None, False, "s")
