import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from sem3d.solvers.levenberg_marquardt import minimise, solve


@given(st.integers(1, 4), st.integers(0, 100))
def test_solve_is_that_of_the_library(n: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(n, n, 5, generator=generator, dtype=torch.float64)
    matrix = torch.einsum("ijp,kjp->ikp", root, root) + 0.1 * torch.eye(n)[:, :, None].double()
    right = torch.randn(n, 5, generator=generator, dtype=torch.float64)
    expected = torch.linalg.solve(matrix.permute(2, 0, 1), right.T).T
    torch.testing.assert_close(solve(matrix, right), expected)


def exponential(parameters: Tensor) -> tuple[Tensor, Tensor]:
    """a exp(-b t) at six times, and its derivatives."""
    t = torch.arange(6, dtype=parameters.dtype)[:, None]
    decay = torch.exp(-parameters[1] * t)
    return parameters[0] * decay, torch.stack([decay, -parameters[0] * t * decay])


def fit(data: Tensor, start: Tensor, penalty: float = 0.0, **box: float) -> Tensor:
    low, high = box.get("low", 0.0), box.get("high", 10.0)
    bounds = torch.full((2, 1), low).double(), torch.full((2, 1), high).double()
    weights = torch.full((2, 1), penalty).double()
    return minimise(exponential, data, start, bounds, weights, 1e-14, 60).parameters


def test_a_curve_is_fitted_from_afar() -> None:
    truth = torch.tensor([[2.0, 5.0, 0.5], [0.3, 1.0, 0.1]]).double()
    start = torch.tensor([[9.0], [3.0]]).double().expand(2, 3)
    torch.testing.assert_close(fit(exponential(truth)[0], start), truth, atol=1e-5, rtol=1e-5)
    assert (start == start[:, :1]).all()  # the start is not written to


def test_parameters_stay_in_the_box_and_others_adapt() -> None:
    truth = torch.tensor([[5.0], [1.0]]).double()
    data = exponential(truth)[0]
    found = fit(data, torch.ones(2, 1).double(), high=3.0)
    assert found[0] == 3.0
    rates = torch.linspace(0.01, 2, 4000).double()
    costs = (exponential(torch.stack([torch.full_like(rates, 3.0), rates]))[0] - data).square()
    assert abs(found[1] - rates[costs.sum(0).argmin()]) < 1e-3


def test_the_penalty_pulls_to_zero() -> None:
    data = exponential(torch.tensor([[5.0], [1.0]]).double())[0]
    start = torch.ones(2, 1).double()
    free, pulled, crushed = (fit(data, start, p)[0].item() for p in (0.0, 0.1, 100.0))
    assert free > pulled > crushed
    assert crushed < 0.2


def test_problems_do_not_see_each_other() -> None:
    truth = torch.rand(2, 40, generator=torch.Generator().manual_seed(1)).double() * 3 + 0.1
    start = torch.ones_like(truth)
    together = fit(exponential(truth)[0], start)
    alone = fit(exponential(truth[:, 17:18])[0], start[:, :1])
    torch.testing.assert_close(together[:, 17:18], alone)
