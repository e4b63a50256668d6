"""Scores on the grid of the settings, and what is left of them over fewer settings."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from sem3d.figures.sweeps.axes import Axis


@dataclass(frozen=True)
class Scores:
    """Scores on the grid of the settings.

    Attributes:
        axes: the settings.
        score: best score of each job, NaN where there is none.
        lost: jobs that ended without a score.
        partial: jobs whose score is of fewer epochs than planned.
    """

    axes: tuple[Axis, ...]
    score: Float[np.ndarray, "*grid"]
    lost: Bool[np.ndarray, "*grid"]
    partial: Bool[np.ndarray, "*grid"]

    def best(self, kept: tuple[int, ...], *, higher: bool) -> "Scores":
        """Return the best over all axes but `kept`; partial where a partial one is the best."""
        score = self._best(self.score, kept, higher)
        whole = self._best(np.where(self.partial, np.nan, self.score), kept, higher)
        return self._over(kept, score, score != whole)

    def mean(self, kept: tuple[int, ...]) -> "Scores":
        """Return the mean of what there is; partial where a partial one is in it."""
        others = self._others(kept)
        there = np.isfinite(self.score)
        count = np.asarray(there.sum(axis=others))
        total = np.where(there, self.score, 0.0).sum(axis=others)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return self._over(kept, mean, np.asarray((self.partial & there).any(axis=others)))

    def at(self, axis: int, n: int) -> "Scores":
        """Return the scores at one value of a setting."""
        axes = tuple(a for m, a in enumerate(self.axes) if m != axis)
        arrays = (np.take(array, n, axis) for array in (self.score, self.lost, self.partial))
        return Scores(axes, *arrays)

    def turned(self) -> "Scores":
        """Return the scores with their axes in reverse order."""
        return Scores(self.axes[::-1], self.score.T, self.lost.T, self.partial.T)

    def lying(self) -> "Scores":
        """Return the scores over two settings with the longer axis across."""
        down, across = self.score.shape
        return self.turned() if down > across else self

    def _others(self, kept: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(n for n in range(len(self.axes)) if n not in kept)

    def _best(self, score: np.ndarray, kept: tuple[int, ...], higher: bool) -> np.ndarray:
        others, worst = self._others(kept), -np.inf if higher else np.inf
        filled = np.where(np.isfinite(score), score, worst)
        best = filled.max(axis=others) if higher else filled.min(axis=others)
        return np.where(np.isfinite(best), best, np.nan)

    def _over(self, kept: tuple[int, ...], score: np.ndarray, partial: np.ndarray) -> "Scores":
        lost = np.asarray(self.lost.any(axis=self._others(kept)))
        return Scores(tuple(self.axes[n] for n in kept), score, lost, partial)
