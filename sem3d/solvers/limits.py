"""What any solver can know about one pixel: Fisher information, Cramer-Rao bound, ambiguity.

In the stabilised signal every energy carries noise of one standard deviation s (`level`), so the
Fisher information is F = sum_E g g^T / s^2, g the derivative by thickness. For multiplicative noise
the variance (s I)^2 changes with the signal and tells about it too: it adds 2 g g^T, see
`sem3d.simulate.statistics.Relative`. Poisson counts give exactly 1 / s^2.
"""

from typing import Final, NamedTuple

import torch
from jaxtyping import Float, Real
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.problem import LayeredProblem
from sem3d.solvers.search import layer_sets, states_of
from sem3d.specimen import LayerStack

HOPELESS: Final = 1e10
"""Variance inflation from which layers count as inseparable: the inverse is rounding only."""
BLOCK: Final = 1 << 22
"""Distances between states held at a time."""


class Ambiguity(NamedTuple):
    """How hard it is to tell which layers are present.

    Attributes:
        distance: (N,) to the nearest state with another set of layers [noise standard deviations].
        other_nm: (L, N) that state [nm].
    """

    distance: Float[Tensor, " N"]
    other_nm: Float[Tensor, "L N"]


def sensitivity(
    problem: LayeredProblem, thickness_nm: Real[Tensor, "L *field"], level: float
) -> Float[Tensor, "E L *field"]:
    """Return h [1/nm] with F = sum_E h h^T; a layer of 0 nm is absent and has h = 0.

    Raises:
        InputError: the level is not a relative noise between 0 and 1.
    """
    _check_level(level)
    flat = thickness_nm.double().reshape(len(thickness_nm), -1)
    sets = layer_sets(flat)
    forward = problem.engine.forward(problem.stack, problem.beam)
    statistics = problem.noise.statistics
    found = flat.new_zeros(len(problem.beam.energies_keV), *flat.shape)
    for code in sets.unique().tolist():
        present = [k for k in range(len(flat)) if code >> k & 1]
        if present:
            where, rows = (sets == code).nonzero()[:, 0], torch.tensor(present)[:, None]
            signal, slope = forward.linearise(flat[rows, where], present)
            found[:, rows, where] = (statistics.slope(signal) * slope).transpose(0, 1)
    found *= (level**-2 + statistics.told_by_variance) ** 0.5
    return found.reshape(-1, *thickness_nm.shape)


def fisher_information(
    problem: LayeredProblem,
    thickness_nm: Real[Tensor, "L *field"],
    level: float,
    per_energy: bool = False,
) -> Float[Tensor, "..."]:
    """Return F (L, L, *field) [1/nm^2], or that of every energy (E, L, L, *field).

    Args:
        problem: the physics.
        thickness_nm: (L, *field), 0 where a layer is known to be absent.
        level: standard deviation of the stabilised noise.
        per_energy: do not sum over the energies.

    Raises:
        InputError: the level is not a relative noise between 0 and 1.
    """
    h = sensitivity(problem, thickness_nm, level)
    return torch.einsum(f"ea...,eb...->{'e' if per_energy else ''}ab...", h, h)


def cramer_rao(
    problem: LayeredProblem, thickness_nm: Real[Tensor, "L *field"], level: float
) -> Float[Tensor, "L *field"]:
    """Return the least standard deviation [nm] of unbiased estimates, one pixel, known layer set.

    NaN where a layer is absent, infinite where the energies do not separate the layers.
    Arguments and errors as for `fisher_information`.
    """
    flat = thickness_nm.reshape(len(thickness_nm), -1)
    fisher = fisher_information(problem, flat, level).movedim(-1, 0)
    diagonal = fisher.diagonal(dim1=1, dim2=2)
    blind = diagonal <= 0
    own = torch.where(blind, 1.0, diagonal)
    correlation = fisher * own.rsqrt()[:, :, None] * own.rsqrt()[:, None, :]
    correlation.diagonal(dim1=1, dim2=2).fill_(1.0)
    inverse, failed = torch.linalg.inv_ex(correlation)
    inflation = inverse.diagonal(dim1=1, dim2=2)
    lost = blind | (failed > 0)[:, None] | ~((inflation > 0.5) & (inflation < HOPELESS))
    deviation = torch.where(lost, torch.inf, (inflation / own).sqrt())
    return deviation.T.reshape(thickness_nm.shape).where(thickness_nm > 0, torch.nan)


def information_share(
    problem: LayeredProblem, thickness_nm: Real[Tensor, "L *field"], level: float
) -> Float[Tensor, "E L *field"]:
    """Return each energy's share of F_kk, the information on a layer while the others are known.

    NaN where a layer is absent. Arguments and errors as for `fisher_information`.
    """
    own = sensitivity(problem, thickness_nm, level).square()
    return own / own.sum(0).where(thickness_nm > 0, torch.nan)


def ambiguity(
    problem: LayeredProblem, thickness_nm: Real[Tensor, "L N"], level: float
) -> Ambiguity:
    """Compare whole-nm states with all states of the table that have another set of layers.

    The distance of two states is |y - y'| / s, y their stabilised signals (E,): the best test
    between the two errs with probability Phi(-distance / 2), 0.16 at 2 and 0.02 at 4. States
    between whole nm may be nearer still.

    Args:
        problem: the physics.
        thickness_nm: (L, N) whole nm.
        level: standard deviation s of the stabilised noise.

    Raises:
        InputError: a thickness is negative or beyond its limit, or the level is no relative noise
            between 0 and 1.
    """
    _check_level(level)
    statistics = problem.noise.statistics
    table = problem.engine.table(problem.stack, problem.beam)
    states, mine = states_of(problem.stack), layer_sets(thickness_nm)
    wanted = statistics.stabilise(table(thickness_nm.long()[:, None])[:, 0].double())
    best = torch.full_like(wanted[0], torch.inf)
    other = torch.zeros_like(mine)
    start, size = 0, max(1, BLOCK // max(1, len(mine)))
    for block, sets in zip(table.table.split(size, 1), layer_sets(states).split(size), strict=True):
        signals = statistics.stabilise(block.double())
        apart = torch.cdist(wanted.T, signals.T).masked_fill_(mine[:, None] == sets, torch.inf)
        nearest, at = apart.min(1)
        closer = nearest < best
        best, other = torch.where(closer, nearest, best), torch.where(closer, start + at, other)
        start += signals.shape[1]
    return Ambiguity(best / level, states[:, other])


def drawn_states(stack: LayerStack) -> Float[Tensor, "L *plane"]:
    """Return the whole-nm states of the lowest two layers without the others.

    Returns:
        (L, lowest + 1, second + 1) [nm]; (1, lowest + 1, 1) for a single layer.
    """
    axes = [torch.arange(limit + 1, dtype=torch.float64) for limit in stack.limits_nm[:2]]
    plane = torch.stack(torch.meshgrid(*axes, indexing="ij")).reshape(len(axes), len(axes[0]), -1)
    absent = plane.new_zeros(len(stack.limits_nm) - len(axes), *plane.shape[1:])
    return torch.cat([plane, absent])


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(
            f"the noise level is {level}; limits need one between 0 and 1, e.g. "
            "noise.eval.level=0.02"
        )
