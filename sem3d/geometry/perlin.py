"""Perlin noise: a gradient at every lattice node, blended by a smooth fade."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sem3d.errors import InputError


@dataclass(frozen=True)
class PerlinField:
    """Perlin field on a square lattice laid over the whole map.

    The components of the node gradients are independent, uniform in -1..1 and not normalised;
    pixel i of n sits at ``cells * i / n``. With 2 cells this is the field of Artemov et al.,
    there called "octaves 2"; its standard deviation is 0.176. Blending method: Perlin,
    Improving noise, ACM Trans. Graph. 21 (2002) 681.

    Attributes:
        cells: lattice cells along each axis.

    Raises:
        InputError: `cells` is less than 1.
    """

    cells: int = 2

    def __post_init__(self) -> None:
        if self.cells < 1:
            raise InputError(f"cells is {self.cells}; a Perlin lattice needs at least 1")

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> Float[np.ndarray, "Y X"]:
        """Draw one field (Y, X)."""
        gradient_y, gradient_x = rng.uniform(-1, 1, (2, self.cells + 1, self.cells + 1))
        (weight_y, slope_y), (weight_x, slope_x) = (_lattice(n, self.cells) for n in shape)
        # The blend over the four corners is a product of one factor per axis: two small matmuls.
        return slope_y @ gradient_y @ weight_x.T + weight_y @ gradient_x @ slope_x.T


def _lattice(pixels: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight of every node at every pixel, and weight times distance: two (pixels, cells + 1)."""
    distance = cells * np.arange(pixels)[:, None] / pixels - np.arange(cells + 1)
    t = np.clip(1 - np.abs(distance), 0, 1)
    weight = t**3 * (t * (6 * t - 15) + 10)
    return weight, weight * distance
