"""OpenSimplex noise: smooth like Perlin noise, but without its square lattice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float
from numba import njit
from opensimplex import OpenSimplex
from opensimplex.internals import _noise2


@dataclass(frozen=True)
class OpenSimplexField:
    """OpenSimplex field; amplitude 0.5 brings it near the Perlin field of `PerlinField`.

    Attributes:
        frequency: lattice units across the map along each axis.
        amplitude: factor on the library's noise, whose standard deviation is about 0.37.
    """

    frequency: float = 2.0
    amplitude: float = 0.5

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> Float[np.ndarray, "Y X"]:
        """Draw one field (Y, X); pixels are ``frequency / n`` apart."""
        # The noise is 0 at every lattice point; the random origin keeps those off any fixed pixel.
        origin = rng.uniform(0, 256, 2)
        y, x = (o + self.frequency * np.arange(n) / n for o, n in zip(origin, shape, strict=True))
        permutation = OpenSimplex(int(rng.integers(2**63)))._perm
        return self.amplitude * _noise(y, x, permutation)


# The library's own array functions run numba threads, and a forked worker that calls them dies.
@njit(nogil=True)
@no_type_check  # numba compiles the bare function, not one wrapped by a run-time checker
def _noise(y: np.ndarray, x: np.ndarray, permutation: np.ndarray) -> np.ndarray:
    field = np.empty((y.size, x.size))
    for i in range(y.size):
        for j in range(x.size):
            field[i, j] = _noise2(x[j], y[i], permutation)
    return field
