"""How noise depends on the signal, and the transform that makes it equal everywhere.

In the transformed ("stabilised") signal every pixel and energy carries noise of one standard
deviation, the `level`: the relative noise for multiplicative noise, 1 / sqrt(electrons) for
counting noise. Least squares are then maximum likelihood.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

import torch
from torch import Tensor


class Statistics(ABC):
    """One dependence of noise on signal; equal classes are equal.

    Attributes:
        told_by_variance: what the changing variance tells of the signal, in squared derivatives of
            the stabilised signal.
    """

    told_by_variance: ClassVar[float] = 0.0

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @abstractmethod
    def stabilise(self, signal: Tensor) -> Tensor:
        """Transform a positive signal of any shape to noise of one standard deviation."""

    @abstractmethod
    def slope(self, signal: Tensor) -> Tensor:
        """Derivative of `stabilise`."""

    @abstractmethod
    def shift(self, signal: Tensor) -> Tensor:
        """How far the mean of the stabilised noisy signal moves, per squared level."""


class Relative(Statistics):
    """Noise proportional to the signal: the logarithm stabilises it.

    A normal distribution of mean I and variance (s I)^2 has the Fisher information
    (1 / s^2 + 2) (d ln I)^2 (Kay, "Fundamentals of Statistical Signal Processing: Estimation
    Theory", 1993, section 3.9).
    """

    told_by_variance: ClassVar[float] = 2.0

    def stabilise(self, signal: Tensor) -> Tensor:
        """Ln I."""
        return signal.log()

    def slope(self, signal: Tensor) -> Tensor:
        """1 / I."""
        return 1 / signal

    def shift(self, signal: Tensor) -> Tensor:
        """E[ln(1 + s g)] = -s^2 / 2 to second order."""
        return torch.full_like(signal, -0.5)


class Counting(Statistics):
    """Poisson counts per electron: the square root stabilises them (Anscombe 1948)."""

    def stabilise(self, signal: Tensor) -> Tensor:
        """2 sqrt(I)."""
        return 2 * signal.sqrt()

    def slope(self, signal: Tensor) -> Tensor:
        """1 / sqrt(I)."""
        return signal.rsqrt()

    def shift(self, signal: Tensor) -> Tensor:
        """E[2 sqrt(N / n)] - 2 sqrt(I) = -1 / (4 n sqrt(I)) to second order."""
        return -0.25 * signal.rsqrt()


RELATIVE: Final = Relative()
COUNTING: Final = Counting()
