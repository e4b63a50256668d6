"""Which beam energies to measure: the few that tell most about a class of specimens.

Bayesian D-optimal design (Chaloner and Verdinelli, "Bayesian experimental design: a review", 1995):
the chosen energies maximise the mean over states of 1/2 log2 det(1 + D F D), the bits learnt about
the thicknesses, D the standard deviations held possible before. Found by adding the best energy
and then exchanging single energies until no exchange helps (Fedorov, "Theory of Optimal
Experiments", 1972); every result can be compared with another by the same measure.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Real
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.limits import sensitivity
from sem3d.solvers.problem import LayeredProblem
from sem3d.specimen import LayerStack

STATES = 1024
"""Most states per set of layers; thicker boxes are taken in steps above 1 nm."""
GAIN = 1e-9
"""Least gain that counts [nat]: smaller ones are rounding."""


@dataclass(frozen=True)
class SpecimenClass:
    """The states that matter, and how much.

    Attributes:
        thickness_nm: (L, S) [nm], 0 where a layer is absent.
        weight: (S,) adding up to 1.
    """

    thickness_nm: Float[Tensor, "L S"]
    weight: Float[Tensor, " S"]


class Selection(NamedTuple):
    """The best energies of one number.

    Attributes:
        energies_keV: chosen energies, increasing [keV].
        information_bits: mean information on the thicknesses of a pixel [bit].
        retained: share of the information of all energies.
        std_ratio: (L,) by layer, median over states of the standard deviation relative to that with
            all energies; the prior counts in both.
    """

    energies_keV: tuple[float, ...]
    information_bits: float
    retained: float
    std_ratio: tuple[float, ...]


def whole_box(stack: LayerStack) -> SpecimenClass:
    """Return all states: every set of layers weighs the same, within a set every thickness."""
    layers = range(len(stack.limits_nm))
    sets = [s for n in layers for s in itertools.combinations(layers, n + 1)]
    boxes = [_box(stack, present) for present in sets]
    weights = [torch.full_like(box[0], 1 / (len(sets) * box.shape[1])) for box in boxes]
    return SpecimenClass(torch.cat(boxes, 1), torch.cat(weights))


def states_seen(thickness_nm: Real[Tensor, "N L Y X"]) -> SpecimenClass:
    """Return the states of specimens, weighed by their pixels; bare pixels do not count.

    Raises:
        InputError: the specimens are bare everywhere.
    """
    pixels = thickness_nm.double().movedim(1, 0).flatten(1)
    states, counts = pixels[:, (pixels > 0).any(0)].unique(dim=1, return_counts=True)
    if not len(counts):
        raise InputError("the specimens carry no layer; give some that do")
    return SpecimenClass(states, counts.double() / counts.sum())


def select_energies(
    problem: LayeredProblem, level: float, specimens: SpecimenClass | None = None
) -> list[Selection]:
    """Return the best k energies of the problem's beam for every k = 1 ... E.

    Args:
        problem: the physics; its beam holds the candidates.
        level: standard deviation of the stabilised noise.
        specimens: the states that matter; None takes `whole_box`.

    Raises:
        InputError: the level is not a relative noise between 0 and 1.
    """
    design = EnergyDesign(problem, level, specimens)
    return [design.describe(chosen) for chosen in design.best()]


class EnergyDesign:
    """Scores sets of energies, given by their indices in the beam.

    Arguments and errors as for `select_energies`.
    """

    def __init__(
        self, problem: LayeredProblem, level: float, specimens: SpecimenClass | None = None
    ) -> None:
        states = specimens or whole_box(problem.stack)
        prior = torch.tensor(problem.stack.limits_nm).double() / math.sqrt(12)  # of a uniform one
        h = sensitivity(problem, states.thickness_nm, level) * prior[:, None]
        self.energies_keV = tuple(problem.beam.energies_keV)
        self.weight = states.weight
        self.present = states.thickness_nm > 0
        self.information = torch.einsum("eas,ebs->esab", h, h)  # in units of the prior
        self.all_energies = tuple(range(len(h)))

    def bits(self, chosen: Sequence[int]) -> float:
        """Return the mean information on the thicknesses [bit]."""
        return float(self.weight @ self._precision(chosen).logdet()) / (2 * math.log(2))

    def std_ratio(self, chosen: Sequence[int]) -> tuple[float, ...]:
        """Return the median standard deviation of each layer relative to that with all energies."""
        variance = [
            torch.linalg.inv(self._precision(some)).diagonal(dim1=1, dim2=2)
            for some in (chosen, self.all_energies)
        ]
        ratio = (variance[0] / variance[1]).sqrt()  # (S, L)
        where = zip(ratio.T, self.present, strict=True)
        return tuple(_median(r[there], self.weight[there]) for r, there in where)

    def describe(self, chosen: Sequence[int]) -> Selection:
        """Return what a set of energies is worth."""
        bits = self.bits(chosen)
        energies = tuple(self.energies_keV[n] for n in sorted(chosen))
        retained = bits / max(self.bits(self.all_energies), GAIN)
        return Selection(energies, bits, retained, self.std_ratio(chosen))

    def best(self) -> Iterator[list[int]]:
        """Yield the best set of 1, 2, ... E energies."""
        chosen: list[int] = []
        for _ in self.all_energies:
            gains = self._gains(chosen)
            gains[chosen] = -torch.inf
            chosen = self._exchanged([*chosen, int(gains.argmax())])
            yield sorted(chosen)

    def _exchanged(self, chosen: list[int]) -> list[int]:
        """Exchange single energies for better ones until none is left."""
        settled = 0
        while settled < len(chosen):
            first, *others = chosen
            gains = self._gains(others)
            gains[others] = -torch.inf
            better = int(gains.argmax())
            if gains[better] <= gains[first] + GAIN:
                better, settled = first, settled + 1
            else:
                settled = 1
            chosen = [*others, better]
        return chosen

    def _gains(self, chosen: Sequence[int]) -> Tensor:
        """Gain (E,) of adding each energy to a set [nat]: det(M + h h^T) = det M (1 + h M^-1 h)."""
        inverse = torch.linalg.inv(self._precision(chosen))
        return 0.5 * ((self.information * inverse).sum((2, 3)).log1p() @ self.weight)

    def _precision(self, chosen: Sequence[int]) -> Tensor:
        """Prior and information (S, L, L); absent layers add nothing to its determinant."""
        some = self.information[list(chosen)].sum(0)
        return some + torch.eye(some.shape[-1], dtype=some.dtype)


def _box(stack: LayerStack, present: Sequence[int]) -> Tensor:
    """Thickness (L, S) of a grid over the box of the layers `present`, the others at 0."""
    counts = [stack.limits_nm[k] for k in present]
    while math.prod(counts) > STATES:
        longest = counts.index(max(counts))
        counts[longest] = -(-counts[longest] // 2)
    axes = [torch.zeros(1, dtype=torch.float64)] * len(stack.limits_nm)
    for k, count in zip(present, counts, strict=True):
        limit = float(stack.limits_nm[k])
        axes[k] = torch.linspace(limit / count, limit, count, dtype=torch.float64)
    return torch.cartesian_prod(*axes).reshape(-1, len(axes)).T


def _median(values: Tensor, weight: Tensor) -> float:
    """Weighted median; NaN without values."""
    if not len(values):
        return math.nan
    ordered, order = values.sort()
    share = weight[order].cumsum(0) / weight.sum()
    return float(ordered[int(torch.searchsorted(share, 0.5).clamp_max(len(share) - 1))])
