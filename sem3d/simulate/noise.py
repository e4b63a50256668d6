"""Noise of a scan. A level given as a pair is drawn anew for every scan (training)."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError


@runtime_checkable
class Noise(Protocol):
    """Turns a noise-free scan (E, Y, X) into a noisy one; the generator alone decides the draw."""

    def __call__(
        self, scan: Float[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return a noisy copy of one scan."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and amount for result files."""


def _draw(low: float, high: float, generator: torch.Generator) -> float:
    u = torch.rand((), generator=generator, device=generator.device).item()
    return low + (high - low) * u


def _bounds(
    name: str, value: Any, smallest: float, largest: float = math.inf
) -> tuple[float, float]:
    low, high = (float(v) for v in (value if not isinstance(value, int | float) else (value,) * 2))
    if not (smallest <= low <= high <= largest and high < math.inf):
        raise InputError(
            f"noise.{name} is {value}; give a number in {smallest:g}..{largest:g} "
            "(0.02 is 2 %) or a pair low, high"
        )
    return low, high


@dataclass(frozen=True)
class GaussianNoise:
    """Multiplicative noise I (1 + s g), g ~ N(0, 1) for every pixel and energy, not clipped.

    Attributes:
        level: relative standard deviation s, or a (low, high) range drawn uniformly per scan.
            The report uses 0.02, its Table 2.1 also 0 and 0.005.
    """

    level: Any

    def __post_init__(self) -> None:
        _bounds("level", self.level, 0.0, 1.0)

    def __call__(
        self, scan: Float[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return a noisy copy of one scan; the generator alone decides the draw."""
        low, high = _bounds("level", self.level, 0.0, 1.0)
        level = _draw(low, high, generator)
        if level == 0:
            return scan
        g = torch.randn(scan.shape, generator=generator, device=scan.device, dtype=scan.dtype)
        return g.mul_(level).add_(1).mul_(scan)

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and level for result files."""
        return {"kind": "gaussian", **asdict(self)}


@dataclass(frozen=True)
class PoissonNoise:
    """Counting noise: Poisson(I n) / n for n electrons per pixel and energy.

    Attributes:
        electrons: dose n, or a (low, high) range drawn log-uniformly per scan.
    """

    electrons: Any

    def __post_init__(self) -> None:
        _bounds("electrons", self.electrons, 1.0)

    def __call__(
        self, scan: Float[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return a noisy copy of one scan; the generator alone decides the draw."""
        low, high = (math.log(v) for v in _bounds("electrons", self.electrons, 1.0))
        dose = math.exp(_draw(low, high, generator))
        return torch.poisson(scan.clamp_min(0) * dose, generator=generator) / dose

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and dose for result files."""
        return {"kind": "poisson", **asdict(self)}
