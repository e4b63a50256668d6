"""Least-squares solvers: efficiency, choice of layers, failures of the plain one."""

import pytest
import torch
from scipy.stats import chi2
from torch import Tensor

from sem3d.errors import InputError
from sem3d.simulate.noise import GaussianNoise
from sem3d.solvers.limits import cramer_rao
from sem3d.solvers.lookup import LookUp
from sem3d.solvers.priors import Flat, SpikeAndSlab
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.tikhonov import Tikhonov, unlikely_cost
from sem3d.solvers.tikhonov_naive import TikhonovNaive

SIDE = 48


def repeated(problem: LayeredProblem, state: tuple[int, int], level: float) -> Tensor:
    """Scan (1, E, SIDE, SIDE) of one state with independent noise in every pixel."""
    table = problem.engine.table(problem.stack, problem.beam)
    scan = table(torch.tensor(state)[:, None, None].expand(2, SIDE, SIDE))
    return GaussianNoise(level)(scan, torch.Generator().manual_seed(2))[None]


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ((10, 0), 0.005), ((10, 0), 0.02), ((5, 0), 0.005), ((0, 80), 0.005),
        ((10, 75), 0.005), ((10, 75), 0.02), ((12, 120), 0.005), ((12, 120), 0.02),
    ],
)  # fmt: skip
def test_estimates_scatter_as_the_cramer_rao_bound_allows(
    problem: LayeredProblem, state: tuple[int, int], level: float
) -> None:
    """Where the layers are known, least squares are efficient: variance = bound, no bias."""
    found = Tikhonov(problem, strength=0.0)(repeated(problem, state, level))
    bound = cramer_rao(problem, torch.tensor(state)[:, None], level)[:, 0]
    present = [k for k in (0, 1) if state[k] > 0]
    right = ((found.thickness_nm[0] > 0) == (torch.tensor(state)[:, None, None] > 0)).all(0)
    assert right.float().mean() > 0.9  # an absent layer is fitted into noise now and then
    for k in present:
        estimates = found.thickness_nm[0, k][right].double()
        n = len(estimates)
        assert estimates.std() == pytest.approx(bound[k].item(), rel=5 / (2 * n) ** 0.5)
        assert abs(estimates.mean() - state[k]) < 5 * bound[k] / n**0.5 + 0.02 * bound[k]
        reported = found.uncertainty_nm[0, k][right].median().item()
        if len(present) == 2:  # else another set of layers always keeps some weight
            assert reported == pytest.approx(bound[k].item(), rel=0.05)
        assert reported > 0.95 * bound[k]


@pytest.mark.parametrize("prior", [Flat(), SpikeAndSlab(0.6)])
def test_look_up_scatters_alike_plus_its_grid(problem: LayeredProblem, prior: Flat) -> None:
    """Whole nm add the variance of rounding, 1/12, to the bound."""
    found = LookUp(problem, prior)(repeated(problem, (10, 75), 0.02))
    bound = cramer_rao(problem, torch.tensor([[10], [75]]), 0.02)[:, 0]
    al = found.thickness_nm[0, 1].double()
    expected = (bound[1].square() + 1 / 12).sqrt().item()
    assert al.std() == pytest.approx(expected, rel=5 / (2 * SIDE**2) ** 0.5)
    assert found.uncertainty_nm[0, 1].median() == pytest.approx(expected, rel=0.05)


def test_scatter_grows_with_the_noise(problem: LayeredProblem) -> None:
    solver = Tikhonov(problem, strength=0.0)
    low, high = (solver(repeated(problem, (10, 75), s)).thickness_nm[0, 1] for s in (0.005, 0.02))
    assert high.std() / low.std() == pytest.approx(4, rel=0.1)


def test_the_penalty_pulls_aluminium_more_than_gold(problem: LayeredProblem) -> None:
    scan = repeated(problem, (10, 75), 0.02)
    gold, al = zip(
        *(Tikhonov(problem, strength=s)(scan).thickness_nm[0].mean((1, 2)) for s in (0.0, 100.0)),
        strict=True,
    )
    assert al[1] < al[0] - 1
    assert abs(gold[1] - gold[0]) < 0.5


def test_ambiguity_tells_how_often_the_layers_are_wrong(problem: LayeredProblem) -> None:
    """60 nm aluminium alone against thin gold under 20 nm: 0.9 sigma at 2 %."""
    unsure = Tikhonov(problem)(repeated(problem, (0, 60), 0.02))
    sure = Tikhonov(problem)(repeated(problem, (10, 75), 0.02))
    wrong = ((unsure.thickness_nm[0] > 0) != torch.tensor([False, True])[:, None, None]).any(0)
    assert sure.ambiguity.max() < 0.01
    assert unsure.ambiguity.mean() > 0.02
    assert unsure.ambiguity[0][wrong].mean() > 0.2


@pytest.mark.parametrize("state", [(0, 60), (2, 20), (10, 75)])
def test_the_uncertainty_is_the_size_of_the_error(
    problem: LayeredProblem, state: tuple[int, int]
) -> None:
    """Doubt between sets of layers included: rms error and rms uncertainty agree within a third."""
    scan = repeated(problem, state, 0.02)
    for solver in (Tikhonov(problem), LookUp(problem)):
        found = solver(scan)
        error = (found.thickness_nm[0] - torch.tensor(state)[:, None, None]).square().mean((1, 2))
        reported = found.uncertainty_nm[0].square().mean((1, 2))
        ratio = (error / reported).sqrt()
        assert ((ratio > 0.5) & (ratio < 1.6)).all(), (type(solver).__name__, ratio)


def test_other_starts_are_tried_where_the_fit_is_bad(problem: LayeredProblem) -> None:
    states = torch.cartesian_prod(torch.arange(0, 16), torch.arange(0, 151, 6)).T[:, None]
    scan = problem.engine.table(problem.stack, problem.beam)(states)[None]
    found = Tikhonov(problem)(scan)
    assert (found.thickness_nm[0] - states).abs().max() < 0.05
    assert unlikely_cost(31) == pytest.approx(chi2.isf(1e-6, 31), rel=0.01)


def test_the_plain_solution_never_leaves_out_a_layer(problem: LayeredProblem) -> None:
    found = TikhonovNaive(problem, [7, 50])(repeated(problem, (0, 80), 0.02))
    assert (found.thickness_nm > 0).all()
    assert found.ambiguity is None
    error = (found.thickness_nm[0, 1] - 80).abs().mean()
    assert (
        error
        > 3
        * (Tikhonov(problem)(repeated(problem, (0, 80), 0.02)).thickness_nm[0, 1] - 80).abs().mean()
    )


@pytest.mark.parametrize("start", [[7], [0, 50], [7, 151]])
def test_an_impossible_start_is_told(problem: LayeredProblem, start: list[float]) -> None:
    with pytest.raises(InputError, match=r"solver\.start_nm is .*; give one thickness inside"):
        TikhonovNaive(problem, start)


@pytest.mark.parametrize("wrong", [{"strength": -1.0}, {"steps": 0}])
def test_impossible_settings_are_told(problem: LayeredProblem, wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="give strength >= 0, steps >= 1"):
        Tikhonov(problem, **wrong)
