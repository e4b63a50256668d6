import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from sem3d.simulate.analytic import Analytic
from sem3d.simulate.quirks import CORRECTED
from sem3d.simulate.statistics import RELATIVE
from sem3d.solvers import search
from sem3d.solvers.priors import Flat, SpikeAndSlab
from sem3d.solvers.search import StateSearch, state_index, states_of
from sem3d.solvers.signal_space import SignalSpace
from sem3d.specimen import Beam, LayerStack

STACK = LayerStack(("Au", "Al"), (4, 9))
BEAM = Beam([5, 7, 9, 12, 16, 20, 25, 30])
TABLE = Analytic(CORRECTED).table(STACK, BEAM)
SPACE = SignalSpace(TABLE.table, RELATIVE)


def searcher(prior: Flat | SpikeAndSlab) -> StateSearch:
    return StateSearch(SPACE, STACK, prior.log_probability(states_of(STACK), STACK))


def brute_force(signal: Tensor, level: float, log_prior: Tensor) -> Tensor:
    """Posterior (P, S) of stabilised pixels (E, P), from all energies in float64."""
    states = RELATIVE.stabilise(TABLE.table.double())
    misfit = (signal.T[:, :, None] - states).square().sum(1)
    return (log_prior - misfit / (2 * level**2)).softmax(1)


@pytest.mark.parametrize("prior", [Flat(), SpikeAndSlab(0.6)], ids=["flat", "spike"])
@given(seed=st.integers(0, 1000), level=st.sampled_from([0.05, 0.02, 0.004, 0.001]))
def test_posterior_is_that_of_all_states_and_energies(
    prior: Flat | SpikeAndSlab, seed: int, level: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(0, 50, (7,), generator=generator)
    clean = RELATIVE.stabilise(TABLE.table.double())[:, index]
    signal = clean + level * torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    log_prior = prior.log_probability(states_of(STACK), STACK)
    truth = brute_force(signal, level, log_prior)
    found = searcher(prior).posterior(SPACE.compress(signal, level), level)
    thickness = states_of(STACK)
    mean = truth @ thickness.T
    reported = thickness[:, found.best].T
    error = truth @ thickness.T.square() - 2 * reported * mean + reported.square()
    torch.testing.assert_close(
        found.deviation_nm.T.double(), error.clamp_min(0).sqrt(), atol=0.05, rtol=0.1
    )
    best = truth.gather(1, found.best[:, None])[:, 0]  # a near tie may be broken either way
    assert (best > 0.9 * truth.amax(1)).all()
    sets = ((thickness > 0) * torch.tensor([[1], [2]])).sum(0)
    same = (truth * (sets == sets[found.best][:, None])).sum(1)
    torch.testing.assert_close(found.ambiguity.double(), 1 - same, atol=0.05, rtol=0.05)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    components = torch.randn(SPACE.dimensions(0.02), 40, generator=torch.Generator().manual_seed(0))
    whole = searcher(Flat()).posterior(0.3 * components, 0.02)
    monkeypatch.setattr(search, "BLOCK", 150)  # three pixels at a time
    for one, two in zip(whole, searcher(Flat()).posterior(0.3 * components, 0.02), strict=True):
        torch.testing.assert_close(one, two, atol=5e-3, rtol=1e-3)


def test_the_prior_decides_where_the_data_do_not() -> None:
    """One noisy pixel half way between bare substrate and a thin layer."""
    components = torch.zeros(SPACE.dimensions(0.5), 1)
    index = searcher(SpikeAndSlab(0.9)).best(components, 0.5)
    assert states_of(STACK)[:, index].sum() == 0
    assert states_of(STACK)[:, searcher(Flat()).best(components, 0.5)].sum() > 0


def test_states_are_in_the_order_of_the_table() -> None:
    states = states_of(STACK)
    assert states.shape == (2, 50)
    gathered = TABLE(states.long()[:, None])[:, 0]
    assert torch.equal(gathered, TABLE.table)


def test_uncertainty_of_pure_noise_is_that_of_the_prior() -> None:
    """With nothing learnt a flat prior leaves all states: mean distance from the reported one."""
    components = torch.zeros(SPACE.dimensions(0.9), 1)
    found = searcher(Flat()).posterior(components, 0.9)
    states = states_of(STACK)
    expected = (states - states[:, found.best]).square().mean(1).sqrt()
    torch.testing.assert_close(found.deviation_nm[:, 0].double(), expected, rtol=0.1, atol=0)


def test_state_index_finds_states_again() -> None:
    assert torch.equal(state_index(states_of(STACK), STACK), torch.arange(50))
