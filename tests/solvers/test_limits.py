"""Fisher information against simulated scores, bound and ambiguity against published values."""

import math

import pytest
import torch

from sem3d.errors import InputError
from sem3d.simulate.analytic import Analytic
from sem3d.simulate.noise import GaussianNoise, PoissonNoise
from sem3d.simulate.quirks import CORRECTED, ORIGINAL
from sem3d.solvers.limits import (
    ambiguity,
    cramer_rao,
    drawn_states,
    fisher_information,
    information_share,
    layer_sets,
    sensitivity,
)  # fmt: skip
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import states_of
from sem3d.specimen import Beam, LayerStack

STACK = LayerStack(("Au", "Al"), (15, 150))


def problem(quirks=ORIGINAL, energies=range(5, 36), stack=STACK, noise=None):
    return LayeredProblem(Analytic(quirks), stack, Beam(energies), noise or GaussianNoise(0.02))


def states(gold, aluminium):
    return torch.cartesian_prod(torch.tensor(gold), torch.tensor(aluminium)).T.double()


@pytest.mark.parametrize(
    ("aluminium", "published"),
    [
        (0, [(0.086, 0.086), (0.154, 0.154), (0.243, 0.243), (0.333, 0.333)]),
        (30, [(0.08, 0.12), (0.15, 0.19), (0.25, 0.28), (0.34, 0.38)]),
        (90, [(0.08, 0.12), (0.15, 0.19), (0.25, 0.28), (0.34, 0.38)]),
        (150, [(0.08, 0.12), (0.15, 0.19), (0.25, 0.28), (0.34, 0.38)]),
    ],
)
def test_gold_is_as_sharp_as_published(aluminium, published):
    found = cramer_rao(problem(), states([1, 5, 10, 15], [aluminium]), 0.02)[0]
    digits = 0.0005 if aluminium == 0 else 0.006
    for value, (low, high) in zip(found.tolist(), published, strict=True):
        assert low - digits <= value <= high + digits


@pytest.mark.parametrize(
    ("aluminium", "published"),
    [(30, (7.8, 4.6, 4.0)), (90, (5.4, 4.1, 3.8)), (150, (5.8, 4.7, 4.4))],
)
def test_aluminium_over_gold_is_as_sharp_as_published(aluminium, published):
    found = cramer_rao(problem(), states([5, 10, 15], [aluminium]), 0.02)[1]
    assert found.tolist() == pytest.approx(published, abs=0.05)


@pytest.mark.parametrize(
    ("quirks", "published"), [(ORIGINAL, (1.8, 3.75)), (CORRECTED, (36.9, 55))]
)
def test_aluminium_alone_is_seen_only_with_the_quirk(quirks, published):
    found = cramer_rao(problem(quirks), states([0], [1, 150]), 0.02)
    assert found[1].tolist() == pytest.approx(published, abs=0.1)
    assert found[0].isnan().all()


def test_thin_aluminium_on_thin_gold_is_degenerate():
    fisher = fisher_information(problem(), states([1, 3], [1, 10]), 0.02)
    covariance = torch.linalg.inv(fisher.movedim(-1, 0))
    deviation = covariance.diagonal(dim1=1, dim2=2).sqrt()
    correlation = covariance[:, 0, 1] / deviation.prod(1)
    assert ((correlation > -0.996) & (correlation < -0.965)).all()
    assert deviation[:, 1].max() == pytest.approx(133, abs=1)
    assert deviation[:, 1].min() == pytest.approx(5, abs=0.5)


def test_aluminium_over_gold_is_told_by_the_lowest_energies():
    share = information_share(problem(), states([5, 10, 15], [30, 90, 150]), 0.02)
    told = share[:4, 1].sum(0)  # 5 to 8 keV
    assert told.min() == pytest.approx(0.83, abs=0.005)
    assert told.max() == pytest.approx(0.98, abs=0.005)
    torch.testing.assert_close(share.sum(0), torch.ones_like(share[0]))


@pytest.mark.parametrize(
    ("aluminium", "other", "distance"),
    [(30, [1, 13], 0.25), (60, [2, 20], 0.9), (100, [4, 2], 1.4), (150, [6, 4], 2.6)],
)
def test_aluminium_alone_is_taken_for_the_published_states(aluminium, other, distance):
    found = ambiguity(problem(), torch.tensor([[0], [aluminium]]), 0.02)
    assert found.other_nm[:, 0].tolist() == other
    assert found.distance.item() == pytest.approx(distance, abs=0.05)


def scores(noise, level, samples=400_000):
    """Derivative of the log-likelihood by a gold thickness of 5 nm, for simulated signals."""
    forward = problem(CORRECTED, [10]).engine.forward(STACK, Beam([10]))
    signal, slope = (t.item() for t in forward.linearise(torch.tensor([[5.0]]).double(), [0]))
    draws = torch.full((1, 1, samples), signal, dtype=torch.float64)
    seen = noise(draws, torch.Generator().manual_seed(0))
    mean = torch.tensor(signal, dtype=torch.float64).expand(samples).clone().requires_grad_()
    if isinstance(noise, GaussianNoise):
        density = torch.distributions.Normal(mean, level * mean).log_prob(seen[0, 0])
    else:
        dose = level**-2
        density = torch.distributions.Poisson(mean * dose).log_prob((seen[0, 0] * dose).round())
    density.sum().backward()
    return mean.grad * slope


@pytest.mark.parametrize("noise", [GaussianNoise(0.3), PoissonNoise(50)])
def test_information_is_the_variance_of_the_score(noise):
    """At 30 % noise the changing variance adds 18 % of information: it must be there."""
    level = noise.deviation()
    found = fisher_information(
        problem(CORRECTED, [10], noise=noise), torch.tensor([[5], [0]]), level
    )
    assert found[0, 0].item() == pytest.approx(scores(noise, level).var().item(), rel=0.01)


def test_information_of_energies_adds_up():
    where = states([0, 3], [0, 40]).reshape(2, 2, 2)
    single = fisher_information(problem(), where, 0.02, per_energy=True)
    assert single.shape == (31, 2, 2, 2, 2)
    torch.testing.assert_close(single.sum(0), fisher_information(problem(), where, 0.02))
    assert (fisher_information(problem(), where, 0.02)[0, :, 0] == 0).all()  # no gold, no F


def test_sensitivity_is_the_slope_of_the_stabilised_signal():
    columns = problem().engine.forward(STACK, Beam(range(5, 36))).columns
    where, step = states([4], [70])[:, None], torch.tensor([1e-5, 0]).double()[:, None, None]
    rise = (columns(where + step).log() - columns(where - step).log())[:, 0] / 2e-5
    found = sensitivity(problem(), where, 0.02)[:, 0, 0]
    torch.testing.assert_close(found, rise * (0.02**-2 + 2) ** 0.5, rtol=1e-6, atol=1e-9)


def test_small_noise_scales_the_bound():
    where = states([3, 10], [20, 100])
    coarse, fine = (cramer_rao(problem(), where, level) for level in (0.02, 0.005))
    torch.testing.assert_close(fine, 0.25 * coarse, rtol=1e-3, atol=0)


def test_one_energy_cannot_tell_two_layers_apart():
    found = cramer_rao(problem(energies=[10]), states([0, 5], [0, 50]), 0.02)
    assert found.isnan().tolist() == [[True, True, False, False], [True, False, True, False]]
    assert found[:, 3].isinf().all()
    assert found[0, 2].isfinite()
    assert found[1, 1].isfinite()


@pytest.mark.parametrize(
    "stack", [LayerStack(("Au",), (9,)), LayerStack(("Au", "Al", "Au"), (3, 9, 4))]
)
def test_nearest_other_set_is_found_by_comparing_all(stack, monkeypatch):
    monkeypatch.setattr("sem3d.solvers.limits.BLOCK", 500)  # several blocks
    physics = problem(CORRECTED, range(8, 30), stack)
    every = states_of(stack)
    found = ambiguity(physics, every, 0.02)
    signals = physics.engine.table(stack, physics.beam).table.double().log()
    apart = (signals[:, :, None] - signals[:, None]).square().sum(0).sqrt() / 0.02
    sets = layer_sets(every)
    apart[sets[:, None] == sets] = math.inf
    torch.testing.assert_close(found.distance, apart.amin(1), rtol=1e-6, atol=1e-5)
    assert (layer_sets(found.other_nm) != sets).all()


@pytest.mark.parametrize(
    ("limits", "shape"), [((7,), (1, 8, 1)), ((3, 5), (2, 4, 6)), ((3, 5, 2), (3, 4, 6))]
)
def test_drawn_states_span_the_lowest_two_layers(limits, shape):
    found = drawn_states(LayerStack(("Au", "Al", "Au")[: len(limits)], limits))
    assert found.shape == shape
    assert found[:2, -1, -1].tolist() == list(limits[:2])
    assert (found[2:] == 0).all()


@pytest.mark.parametrize("function", [sensitivity, cramer_rao, ambiguity])
@pytest.mark.parametrize("level", [0.0, 2.0, math.nan])
def test_impossible_levels_are_refused(function, level):
    with pytest.raises(InputError, match="noise level is"):
        function(problem(), torch.tensor([[1], [1]]), level)
