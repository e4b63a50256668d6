"""Learning-rate schedules over a known number of steps."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from sem3d.errors import InputError


def warmup_cosine(
    optimizer: Optimizer, steps: int, warmup: float = 0.05, final: float = 0.01
) -> LambdaLR:
    """Rise linearly over the first `warmup` share of `steps`, then fall as a half cosine.

    Args:
        optimizer: its learning rate is the peak.
        steps: optimiser steps of the whole training.
        warmup: share of the steps spent rising.
        final: learning rate at the end, relative to the peak.
    """
    return staged_cosine(optimizer, steps, (1.0,), (1.0,), warmup, final)


def staged_cosine(
    optimizer: Optimizer,
    steps: int,
    ends: Sequence[float],
    factors: Sequence[float],
    warmup: float = 0.0,
    final: float = 0.01,
) -> LambdaLR:
    """One half cosine after the other, each with a peak of its own; the first may warm up.

    Args:
        optimizer: its learning rate times the factor of a stage is the stage's peak.
        steps: optimiser steps of the whole training.
        ends: share of the steps at which each stage ends, the last one 1.
        factors: peak of each stage, relative to the optimiser's rate.
        warmup: share of the steps spent rising linearly at the start of the first stage.
        final: learning rate at the end of a stage, relative to its peak.

    Raises:
        InputError: ends do not rise from above 0 to 1, or are not as many as factors.
    """
    if len(ends) != len(factors) or not ends or ends[-1] != 1:
        raise InputError(
            f"schedule.ends is {list(ends)} for factors {list(factors)}; "
            "give one end for each stage, the last one 1"
        )
    if any(later <= earlier for earlier, later in pairwise([0.0, *ends])):
        raise InputError(f"schedule.ends is {list(ends)}; give rising shares above 0")
    rise = max(1, round(warmup * steps))
    bounds = [rise, *(max(rise, round(end * steps)) for end in ends)]

    def factor(step: int) -> float:
        if step < rise:
            return factors[0] * (step + 1) / rise
        stage = min(bisect_right(bounds, step), len(factors)) - 1
        start, end = bounds[stage : stage + 2]
        progress = min(1.0, (step - start) / max(1, end - start))
        return factors[stage] * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))

    return LambdaLR(optimizer, factor)
