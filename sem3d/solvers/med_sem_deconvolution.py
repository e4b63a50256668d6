"""Non-negative, bounded, smooth slices that explain counted images: multiplicative updates."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from sem3d.errors import InputError
from sem3d.solvers.med_sem_optics import Imaging

START = 0.3
"""Every slice, before the first round."""

EDGE = 0.1
"""Step between neighbours from which total variation takes it for an edge."""
LEAST = 1e-4
"""Smallest value of a slice: what multiplies must not start at 0."""


def check_settings(rounds: int, smoothness: float) -> None:
    """Raise `InputError` unless there is a round and the smoothness is not negative."""
    if rounds < 1 or not 0 <= smoothness < math.inf:
        raise InputError(
            f"solver has rounds {rounds} and smoothness {smoothness}; "
            "give at least 1, and 0 or more"
        )


def deconvolve(
    yields: Float[Tensor, "B E Y X"],
    imaging: Imaging,
    dose: float,
    rounds: int,
    smoothness: float,
    start: Float[Tensor, "B K Y X"],
) -> Float[Tensor, "B K Y X"]:
    """Raise the Poisson likelihood of the counts minus `smoothness` times the total variation.

    A round multiplies the slices by the ratio of what pulls them up to what pulls them down, which
    keeps them positive, and cuts them at 1: Richardson (1972) and Lucy (1974) for the likelihood,
    the sign-split gradient of the total variation (Dey et al., Microsc. Res. Tech. 69 (2006) 260;
    Lanteri et al., Inverse Problems 18 (2002) 1397) for the smoothness. Rounds start from slices
    extrapolated by the momentum of Nesterov (1983).
    """
    slices = ahead = start
    for n in range(rounds):
        straight = imaging.straight(ahead)
        expected = imaging.expected(straight).clamp_min(1e-9)
        slope = dose * imaging.slope(straight)
        pull = smoothness * flattening(ahead)
        up = imaging.back(slope * yields / expected) + pull.clamp_min(0)
        down = imaging.back(slope) - pull.clamp_max(0)
        new = (ahead * up.clamp_min(0) / down.clamp_min(1e-9)).clamp(LEAST, 1)
        ahead = (new + n / (n + 3) * (new - slices)).clamp(LEAST, 1)
        slices = new
    return slices


def flattening(volume: Float[Tensor, "B K Y X"]) -> Float[Tensor, "B K Y X"]:
    """Negative gradient of the total variation, sum over axes of sqrt(step^2 + EDGE^2).

    Steps of the axes are not joined under one root: the sum has all symmetries of the grid.
    """
    pull = torch.zeros_like(volume)
    for axis in (1, 2, 3):
        step = volume.diff(dim=axis)
        flow = step / (step.square() + EDGE**2).sqrt()
        kept = volume.shape[axis] - 1
        pull.narrow(axis, 0, kept).add_(flow)
        pull.narrow(axis, 1, kept).sub_(flow)
    return pull
