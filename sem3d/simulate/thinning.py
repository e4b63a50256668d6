"""Counts of a lower dose out of counts of a higher one: simulate once, look at every dose."""

import numpy as np
from jaxtyping import Int, Int64

from sem3d.errors import InputError


def thin(
    counts: Int[np.ndarray, "*field"],
    electrons: int,
    dose: int,
    rng: np.random.Generator,
    several: bool = False,
) -> Int64[np.ndarray, "*field"]:
    """Return counts as if only `dose` of the `electrons` beam electrons had been sent.

    Args:
        counts: detected electrons.
        electrons: beam electrons behind each count.
        dose: beam electrons to keep, at most `electrons`.
        rng: decides which.
        several: whether one beam electron may be counted more than once, as with fast secondaries;
            then every count is kept with probability dose / electrons. Otherwise the draw is exact
            (hypergeometric): the same electrons, fewer of them.

    Raises:
        InputError: a dose out of range, or more counts than electrons where each counts once.
    """
    if not 1 <= dose <= electrons:
        raise InputError(f"dose is {dose}; give 1 to {electrons}, the dose that was simulated")
    whole = np.asarray(counts, np.int64)
    if several:
        return rng.binomial(whole, dose / electrons)
    if whole.max(initial=0) > electrons:
        raise InputError(
            f"a pixel has {whole.max()} counts of {electrons} electrons; set several=True, for "
            "secondaries were counted"
        )
    return rng.hypergeometric(whole, electrons - whole, dose)
