"""Which settings mattered: the variance of the scores over the grid, split by setting.

On a full grid the split is exact. The score is a sum of a mean, one function of each setting, one
of each pair, and so on, each of mean 0 over each of its settings; the variances of these parts add
up to the variance of the scores (functional analysis of variance: Sobol, Math. Model. Comput. Exp.
1, 407 (1993); for settings of training: Hutter, Hoos, Leyton-Brown, ICML 2014, who estimate the
parts by random forests where no grid was run). The parts follow from means of rows of cells.

With gaps the settings are no longer independent of each other and no split is exact. Then every
setting gets a level of its own for each value, the levels are fitted by least squares, and a
setting's share is the variance that it adds to the fit, averaged over all orders in which the
settings may be added (Lindeman, Merenda, Gold, "Introduction to Bivariate and Multivariate
Analysis", 1980). On a full grid this is the exact split; with gaps the least and the largest of
the added variances say how far the orders disagree. Pairs are split on full grids alone.

Limits: shares belong to the values that were run, not to all possible ones. Repeated trainings
scatter, and some of it enters every share: `Share.chance` is what a setting without influence would
get, from what no setting explains, per degree of freedom. It is too large where pairs matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

MOST: Final = 10
"""Settings up to which all orders are tried on a grid with gaps."""

FLAT: Final = 1e-12
"""Variance in parts of the mean square below which all scores are the same."""


Parts = Mapping[tuple[int, ...], float]
"""Parts of the variance by numbers of the axes."""

Degrees = Mapping[tuple[int, ...], int]
"""Degrees of freedom by numbers of the axes."""


@dataclass(frozen=True)
class Share:
    """Part of the variance of the scores that belongs to one setting or a pair.

    Attributes:
        settings: numbers of the axes.
        share: of the variance, from 0 to 1.
        least: smallest over the orders of adding; `share` on a full grid.
        largest: largest over the orders of adding; `share` on a full grid.
        chance: what it would have without influence, from what is left over; None where nothing
            can be left over.
    """

    settings: tuple[int, ...]
    share: float
    least: float
    largest: float
    chance: float | None


@dataclass(frozen=True)
class Importance:
    """How the variance of the scores splits.

    Attributes:
        singles: of every setting, in the order of the axes.
        pairs: of every pair; empty on a grid with gaps, or of one setting.
        rest: of larger groups of settings and scatter; with gaps also of pairs.
        jobs: scores that carry it.
        cells: of the grid.
    """

    singles: tuple[Share, ...]
    pairs: tuple[Share, ...]
    rest: float
    jobs: int
    cells: int


def importance(scores: Float[np.ndarray, "*grid"]) -> Importance | None:
    """Split the variance of the scores of a grid.

    Args:
        scores: one axis per setting; NaN where there is no score.

    Returns:
        The split; None where there is nothing to split: fewer than two scores, all the same, or a
        grid with gaps and more than `MOST` settings.
    """
    there = np.isfinite(scores)
    found = scores[there]
    if len(found) < 2 or found.var() <= FLAT * np.mean(found**2):
        return None
    if there.all():
        singles, pairs = _exact(scores)
    elif scores.ndim <= MOST:
        singles, pairs = _fitted(scores, there), ()
    else:
        return None
    rest = 1 - sum(part.share for part in (*singles, *pairs))
    return Importance(singles, pairs, max(0.0, rest), len(found), scores.size)


def _exact(scores: Float[np.ndarray, "*grid"]) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """Split a full grid by the variances of means over the other axes."""
    whole, jobs = float(scores.var()), scores.size - 1
    freedom: Degrees = {(n,): size - 1 for n, size in enumerate(scores.shape)}
    single: Parts = {n: _variance(scores, n) / whole for n in freedom}
    singles = _sure(single, freedom, 1.0, jobs)
    pair: Parts = {
        (a, b): max(0.0, _variance(scores, (a, b)) / whole - single[a,] - single[b,])
        for a, b in combinations(range(scores.ndim), 2)
    }
    both: Degrees = {(a, b): freedom[a,] * freedom[b,] for a, b in pair}
    left, free = 1 - sum(single.values()), jobs - sum(freedom.values())
    return singles, _sure(pair, both, left, free)


def _variance(scores: Float[np.ndarray, "*grid"], kept: tuple[int, ...]) -> float:
    others = tuple(n for n in range(scores.ndim) if n not in kept)
    return float(scores.mean(axis=others).var())


def _sure(
    shares: Parts,
    freedom: Degrees,
    whole: float,
    jobs: int,
) -> tuple[Share, ...]:
    """Return shares without a range; with the rest they are `whole`, of `jobs` degrees."""
    left, free = whole - sum(shares.values()), jobs - sum(freedom.values())
    return tuple(
        Share(n, share, share, share, _chance(left, free, freedom[n]))
        for n, share in shares.items()
    )


def _chance(left: float, free: int, freedom: int) -> float | None:
    """Return the share of a setting of `freedom` degrees that only scatters like the rest."""
    return max(0.0, left) * freedom / free if free > 0 else None


def _fitted(
    scores: Float[np.ndarray, "*grid"], there: Bool[np.ndarray, "*grid"]
) -> tuple[Share, ...]:
    """Split a grid with gaps by fits of all subsets of the settings."""
    codes, found = np.argwhere(there), scores[there]
    levels = [np.unique(column, return_inverse=True)[1] for column in codes.T]
    axes = range(scores.ndim)
    explained = {
        subset: _explained([levels[n] for n in subset], found) for subset in _subsets(axes)
    }
    freedom = [int(level.max()) for level in levels]
    left, free = 1 - explained[tuple(axes)], len(found) - 1 - sum(freedom)
    return tuple(_added(n, scores.ndim, explained, _chance(left, free, freedom[n])) for n in axes)


def _explained(levels: Sequence[np.ndarray], found: Float[np.ndarray, " N"]) -> float:
    """Return the part of the variance that a least-squares fit of the levels explains."""
    centred = found - found.mean()
    codes = [np.eye(level.max() + 1)[level] for level in levels]
    design = np.hstack([np.ones((len(found), 1)), *codes])
    fit = design @ np.linalg.lstsq(design, centred, rcond=None)[0]
    return 1 - float(np.sum((centred - fit) ** 2) / np.sum(centred**2))


def _added(n: int, count: int, explained: Parts, chance: float | None) -> Share:
    """Average what setting `n` adds over all orders: all sizes of what came before count alike."""
    total, steps = 0.0, []
    for before in _subsets([m for m in range(count) if m != n]):
        step = explained[tuple(sorted((*before, n)))] - explained[before]
        steps.append(max(0.0, step))
        total += steps[-1] / (count * comb(count - 1, len(before)))
    return Share((n,), total, min(steps), max(steps), chance)


def _subsets(things: Sequence[int]) -> Iterable[tuple[int, ...]]:
    for size in range(len(things) + 1):
        yield from combinations(things, size)
