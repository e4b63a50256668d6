"""Colours of scores: one scale for all figures of a sweep, dark is good."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.colors import Colormap, Normalize

REACH: Final = 3.0
"""The scale ends this many times as far from the best score as the median."""

ALONE: Final = 0.1
"""Part of a single score that the scale takes on either side of it."""

BEST: Final = "#d55e00"
"""What is best; vermilion is no colour of the scale."""


@dataclass(frozen=True)
class Scale:
    """Scores from the best to the worst that is told apart.

    Attributes:
        low: smallest score on the scale.
        high: largest.
        higher: whether a higher score is better.
        cut: whether there are worse scores; they take the colour of the scale's end.
    """

    low: float
    high: float
    higher: bool
    cut: bool

    @property
    def norm(self) -> Normalize:
        """The scale as matplotlib takes it."""
        return Normalize(self.low, self.high, clip=True)

    @property
    def colours(self) -> Colormap:
        """From pale yellow, bad, to dark blue, good."""
        return colormaps["cividis_r" if self.higher else "cividis"]

    @property
    def extend(self) -> Literal["neither", "min", "max"]:
        """The end of a colour bar behind which there is more."""
        if not self.cut:
            return "neither"
        return "min" if self.higher else "max"

    @property
    def margins(self) -> tuple[float, float]:
        """The scale and 4 % around it."""
        space = 0.04 * (self.high - self.low)
        return self.low - space, self.high + space

    def is_dark(self, score: float) -> bool:
        """Whether white text is readable on a score's colour."""
        part = float(self.norm(score))
        return (part if self.higher else 1 - part) > 0.5


def scale_of(scores: Float[np.ndarray, "..."], higher: bool) -> Scale:
    """Return the scale of scores; NaN is left out.

    A few runs that went wrong must not press all others into one colour: the scale ends at
    `REACH` times the distance of the median from the best score.
    """
    found = scores[np.isfinite(scores)]
    if not len(found):
        return Scale(0.0, 1.0, higher, cut=False)
    best, worst = (found.max(), found.min()) if higher else (found.min(), found.max())
    reach = REACH * abs(best - np.median(found)) or abs(best - worst)
    end = best - reach if higher else best + reach
    cut = bool(worst < end if higher else worst > end)
    low, high = sorted((float(best), float(end if cut else worst)))
    if low == high:
        low, high = low - ALONE * (abs(low) or 1), high + ALONE * (abs(high) or 1)
    return Scale(low, high, higher, cut)
