"""The smooth surface through counts of backscattered electrons.

The yield eta is fitted as eta = sin(y)^2, where y is a sum of products of Chebyshev polynomials,
one per axis. arcsin(sqrt(eta)) of counts scatters alike everywhere (Anscombe, Biometrika 35 (1948)
246): plain least squares weigh every count as it deserves, and the yield stays between 0 and 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Integer
from numpy.polynomial.chebyshev import chebvander

ORDERS: Final = np.linspace(0.3, 1.0, 15)
"""Tried limits of the sum of degrees, each as a share of the highest of its axis."""


@dataclass(frozen=True)
class ColumnFit:
    """The surface.

    Attributes:
        coefficients: (K1, K2, ..) of y, one axis of degrees per axis of the counts.
        chi2: squared misfit in units of the variance.
        freedom: counts less fitted coefficients.
    """

    coefficients: Float[np.ndarray, "..."]
    chi2: float
    freedom: int

    @property
    def criterion(self) -> float:
        """Akaike's (1974), up to a constant: what counts outside of the fit would miss it by."""
        return self.chi2 - 2 * self.freedom


def spread(low: float, high: float, n: int) -> Float[np.ndarray, "n"]:
    """Return n points from `low` to `high`, dense at both ends, where polynomials need them."""
    return low + (high - low) * (1 - np.cos(np.pi * np.arange(n) / (n - 1))) / 2


def fit_counts(
    axes: Sequence[Float[np.ndarray, "_"]], counts: Integer[np.ndarray, "..."], electrons: int
) -> ColumnFit:
    """Fit with as many polynomials as the counts justify by Akaike's criterion.

    Args:
        axes: places of the counts along each of their axes, -1..1.
        counts: backscattered electrons.
        electrons: beam electrons behind each count.
    """
    angles = np.arcsin(np.sqrt((counts + 0.375) / (electrons + 0.75)))
    vanders = [chebvander(axis, len(axis) - 1) for axis in axes]
    tried = (_fit(vanders, angles, 1 / (4 * electrons + 2), order) for order in ORDERS)
    return min(tried, key=lambda found: found.criterion)


def _fit(
    vanders: Sequence[np.ndarray], angles: np.ndarray, variance: float, order: float
) -> ColumnFit:
    kept = _degrees(angles.shape) <= order + 1e-9
    design = np.ones((1, 1))
    for vander in vanders:
        design = np.kron(design, vander)
    design = design[:, kept.ravel()]
    found, *_ = np.linalg.lstsq(design, angles.ravel(), rcond=None)
    chi2 = float(np.square(angles.ravel() - design @ found).sum() / variance)
    coefficients = np.zeros(kept.shape)
    coefficients[kept] = found
    used = tuple(slice(int(degrees.max()) + 1) for degrees in np.nonzero(kept))
    return ColumnFit(coefficients[used], chi2, angles.size - len(found))


def _degrees(shape: Sequence[int]) -> Float[np.ndarray, "..."]:
    """Return the sum of degrees of every product, each as a share of the highest of its axis."""
    shares = (np.arange(n) / (n - 1) for n in shape)
    return np.sum(np.meshgrid(*shares, indexing="ij"), axis=0)
