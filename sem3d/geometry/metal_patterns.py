"""Patterns of one metal level: lines with gaps, and posts that land on metal only.

A footprint is a boolean map of the voxel columns (Y, X) that a pattern covers.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

GAP_SHARE = 0.3
"""Probability that a line is interrupted."""


def random_lines(
    rng: np.random.Generator, shape: Sequence[int], along: int, widths: tuple[int, int]
) -> Bool[np.ndarray, "Y X"]:
    """Draw the footprint of parallel lines of one width at one pitch.

    Width and spacing are uniform in `widths`, and so is where the first line begins. Of three
    lines nearly one has a gap anywhere, as long as the smallest width to twice the largest.

    Args:
        rng: where the draw comes from.
        shape: voxels (Y, X).
        along: the axis the lines run along, 0 = y, 1 = x.
        widths: least and largest width and spacing [voxels].
    """
    length, across = shape if along == 0 else shape[::-1]
    width, space = rng.integers(*widths, 2, endpoint=True)
    footprint = np.zeros((length, across), bool)
    for edge in range(-rng.integers(width + space), across, width + space):
        line = slice(max(edge, 0), max(edge + width, 0))
        footprint[:, line] = True
        if rng.random() < GAP_SHARE:
            begin = rng.integers(length)
            footprint[begin : begin + rng.integers(widths[0], 2 * widths[1]), line] = False
    return footprint if along == 0 else footprint.T


def random_posts(
    rng: np.random.Generator, metal: Bool[np.ndarray, "Y X"], side: int, most: int
) -> Bool[np.ndarray, "Y X"]:
    """Draw the footprint of up to `most` square posts, each wholly on `metal`.

    Posts keep a distance of at least their side to each other. Metal without room for a post
    stays empty.

    Args:
        rng: where the draw comes from.
        metal: columns that a post may cover.
        side: side of a post [voxels].
        most: 1 to this many posts, equally likely, as far as there is room.
    """
    footprint = np.zeros_like(metal)
    windows = np.lib.stride_tricks.sliding_window_view(metal, (side, side))
    free = np.asarray(windows.all(axis=(2, 3)))
    for _ in range(rng.integers(1, most, endpoint=True)):
        corners = np.argwhere(free)
        if not len(corners):
            break
        y, x = corners[rng.integers(len(corners))]
        footprint[y : y + side, x : x + side] = True
        near = 2 * side - 1
        free[max(y - near, 0) : y + near + 1, max(x - near, 0) : x + near + 1] = False
    return footprint
