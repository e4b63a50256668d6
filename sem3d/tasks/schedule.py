"""Learning-rate schedules over a known number of steps."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


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
    rise = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        progress = min(1.0, (step - rise) / max(1, steps - rise))
        return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))

    return LambdaLR(optimizer, factor)
