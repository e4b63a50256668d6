"""What is held probable before a pixel is looked at: one weight per state of the stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError, did_you_mean
from sem3d.specimen import LayerStack


@runtime_checkable
class Prior(Protocol):
    """Gives every whole thickness of every layer a log-probability."""

    def log_probability(
        self, thickness_nm: Float[Tensor, "L S"], stack: LayerStack
    ) -> Float[Tensor, " S"]:
        """Log-probability of states (L, S) [nm], up to a constant."""


@dataclass(frozen=True)
class Flat:
    """Every state alike: the most probable state is the most likely one."""

    def log_probability(
        self, thickness_nm: Float[Tensor, "L S"], stack: LayerStack
    ) -> Float[Tensor, " S"]:
        """Zeros."""
        del stack
        return torch.zeros_like(thickness_nm[0])


@dataclass(frozen=True)
class SpikeAndSlab:
    """Each layer is absent with some probability, else of any thickness alike; independently.

    Attributes:
        absent: probability that a layer is absent, one number or one per layer, lowest first.
    """

    absent: float | Sequence[float] = 0.6

    def __post_init__(self) -> None:
        if not all(0 < p < 1 for p in self._each(1)):
            raise InputError(f"prior.absent is {self.absent}; give probabilities between 0 and 1")

    def _each(self, layers: int) -> list[float]:
        if isinstance(self.absent, int | float):
            return [self.absent] * layers
        return list(self.absent)

    def log_probability(
        self, thickness_nm: Float[Tensor, "L S"], stack: LayerStack
    ) -> Float[Tensor, " S"]:
        """Ln P(absent) or ln (1 - P(absent)) / limit, summed over layers."""
        absent = self._each(len(stack.limits_nm))
        if len(absent) != len(stack.limits_nm):
            raise InputError(
                f"prior.absent has {len(absent)} numbers; give one for each of the "
                f"{len(stack.limits_nm)} layers {', '.join(stack.materials)}"
            )
        p = thickness_nm.new_tensor(absent)[:, None]
        limit = thickness_nm.new_tensor(stack.limits_nm)[:, None]
        return torch.where(thickness_nm == 0, p.log(), ((1 - p) / limit).log()).sum(0)


@dataclass(frozen=True)
class Levels:
    """What the user knows: how probable single thicknesses of each layer are.

    Attributes:
        weights: by material, then by thickness [nm]; a material not named is flat.
        rest: probability shared alike by all thicknesses of a named material, beside its weights.
    """

    weights: Mapping[str, Mapping[float, float]]
    rest: float = 0.01

    def log_probability(
        self, thickness_nm: Float[Tensor, "L S"], stack: LayerStack
    ) -> Float[Tensor, " S"]:
        """Sum of the layers' log-probabilities; layers are independent."""
        for name in self.weights:
            if name not in stack.materials:
                raise InputError(
                    f"prior.weights names {name!r}{did_you_mean(name, stack.materials)}"
                )
        total = torch.zeros_like(thickness_nm[0])
        named = (n for n, material in enumerate(stack.materials) if material in self.weights)
        for n in named:
            total += self._layer(thickness_nm[n], stack.materials[n], stack.limits_nm[n])
        return total

    def _layer(self, thickness_nm: Tensor, material: str, limit_nm: int) -> Tensor:
        weights = self.weights[material]
        share = sum(weights.values())
        if not weights or min(weights.values()) < 0 or share <= 0 or not 0 < self.rest < 1:
            raise InputError(
                f"prior.weights.{material} is {dict(weights)} and rest {self.rest}; give weights "
                "of at least 0 with a positive sum, and 0 < rest < 1"
            )
        p = torch.full_like(thickness_nm, self.rest / (limit_nm + 1))
        for level, weight in weights.items():
            here = thickness_nm == float(level)
            if not here.any():
                raise InputError(
                    f"prior.weights.{material} names {level} nm; give whole nm in 0..{limit_nm}"
                )
            p[here] += (1 - self.rest) * weight / share
        return p.log()
