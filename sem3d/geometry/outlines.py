"""Sharp outlines, rasterised analytically at the pixel centres.

An outline is drawn in its own frame: shifted to its centre, turned to its axes and scaled so
that the half axes have length 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float

Outline = Callable[[np.ndarray, np.ndarray], np.ndarray]
Drawn = tuple[Outline, np.ndarray]  # with its two half axes

HALF_AXES = (0.1, 0.4)
HALF_LINE_WIDTH = (0.02, 0.08)


def rectangle(p: Float[np.ndarray, "Y X"], q: Float[np.ndarray, "Y X"]) -> Bool[np.ndarray, "Y X"]:
    """Points (p, q) inside the square of half side 1."""
    return np.maximum(np.abs(p), np.abs(q)) <= 1


def ellipse(p: Float[np.ndarray, "Y X"], q: Float[np.ndarray, "Y X"]) -> Bool[np.ndarray, "Y X"]:
    """Points (p, q) inside the circle of radius 1."""
    return p * p + q * q <= 1


def polygon(angles: Float[np.ndarray, " corners"]) -> Outline:
    """Outline with its corners on the unit circle at ascending `angles` [rad], less than 2 pi."""
    # An edge between two corners is the line at distance cos(half angle) from the centre.
    ends = np.append(angles[1:], angles[0] + 2 * np.pi)
    middles, halves = (angles + ends) / 2, (ends - angles) / 2
    edges = np.stack([np.cos(middles), np.sin(middles), np.cos(halves)], axis=1)

    def inside(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        return np.all([c * p + s * q <= d for c, s, d in edges], axis=0)

    return inside


def random_footprint(rng: np.random.Generator, shape: Sequence[int]) -> Bool[np.ndarray, "Y X"]:
    """Draw the pixels (Y, X) covered by one rectangle, ellipse, polygon or line, equally likely.

    Lengths are in units of the map's side, sqrt(Y X). The centre is uniform over the map, half
    axes are uniform in 0.1..0.4 and polygons have 3 to 6 corners. Lines run across the whole
    map with half a width of 0.02..0.08. Every second outline is aligned with the map, as
    lithography makes them; the others have any angle.
    """
    outline, (a, b) = KINDS[rng.integers(len(KINDS))](rng)
    u, v = _frame(rng, shape)
    return outline(u / a, v / b)


def _rectangle(rng: np.random.Generator) -> Drawn:
    return rectangle, rng.uniform(*HALF_AXES, 2)


def _ellipse(rng: np.random.Generator) -> Drawn:
    return ellipse, rng.uniform(*HALF_AXES, 2)


def _polygon(rng: np.random.Generator) -> Drawn:
    n = rng.integers(3, 6, endpoint=True)
    # Each corner keeps to its own sector, so that no polygon is a sliver.
    angles = 2 * np.pi * (np.arange(n) + rng.uniform(0, 0.7, n)) / n
    return polygon(angles), rng.uniform(*HALF_AXES, 2)


def _line(rng: np.random.Generator) -> Drawn:
    return rectangle, np.array([np.inf, rng.uniform(*HALF_LINE_WIDTH)])


KINDS = (_rectangle, _ellipse, _polygon, _line)


def _frame(rng: np.random.Generator, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres in a random shifted and turned frame, two (Y, X) in units of sqrt(Y X)."""
    side = np.sqrt(shape[0] * shape[1])
    y, x = ((np.arange(n) + 0.5 - rng.uniform(0, n)) / side for n in shape)
    angle = rng.uniform(0, np.pi)
    if rng.random() < 0.5:
        angle = np.pi / 2 * np.round(angle / (np.pi / 2))
    c, s = np.cos(angle), np.sin(angle)
    return c * x + s * y[:, None], c * y[:, None] - s * x
