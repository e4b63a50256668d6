"""Noise of a scan. A level given as a pair is drawn anew for every scan (training)."""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.simulate.statistics import COUNTING, RELATIVE, Statistics


@runtime_checkable
class Noise(Protocol):
    """Turns a noise-free scan (E, Y, X) into a noisy one; the generator alone decides the draw.

    Attributes:
        statistics: how the noise depends on the signal, for whoever inverts the scan.
    """

    statistics: ClassVar[Statistics]

    def __call__(
        self, scan: Float[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return a noisy copy of one scan."""

    def deviation(self) -> float:
        """Standard deviation that this noise has in the stabilised signal.

        Raises:
            InputError: the amount is drawn from a range.
        """

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


def _single(name: str, value: Any) -> float:
    if not isinstance(value, int | float):
        raise InputError(f"noise.{name} is {value}, a range; give one number here")
    return float(value)


@dataclass(frozen=True)
class GaussianNoise:
    """Multiplicative noise I (1 + s g), g ~ N(0, 1) for every pixel and energy, not clipped.

    Attributes:
        level: relative standard deviation s, or a (low, high) range drawn uniformly per scan.
            The report uses 0.02, its Table 2.1 also 0 and 0.005.
    """

    level: Any
    statistics: ClassVar[Statistics] = RELATIVE

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

    def deviation(self) -> float:
        """The level."""
        return _single("level", self.level)

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
    statistics: ClassVar[Statistics] = COUNTING

    def __post_init__(self) -> None:
        _bounds("electrons", self.electrons, 1.0)

    def __call__(
        self, scan: Float[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return a noisy copy of one scan; the generator alone decides the draw."""
        low, high = (math.log(v) for v in _bounds("electrons", self.electrons, 1.0))
        dose = math.exp(_draw(low, high, generator))
        expected = scan.clamp_min(0) * dose
        if scan.is_cuda:
            return torch.poisson(expected, generator=generator) / dose
        # on the CPU numpy counts many times faster
        seed = torch.randint(2**62, (), generator=generator).item()
        counts = np.random.default_rng(int(seed)).poisson(expected.numpy())
        return torch.from_numpy(counts).to(scan) / dose

    def deviation(self) -> float:
        """1 / sqrt(electrons)."""
        return float(_single("electrons", self.electrons) ** -0.5)

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and dose for result files."""
        return {"kind": "poisson", **asdict(self)}
