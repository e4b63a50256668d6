"""The few directions in which signals of a layered specimen differ.

The stabilised signals of all whole-nm states span a space of about six dimensions (principal
components of the table); what a scan holds beyond it is noise, which measures the noise level.
"""

import math
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.simulate.statistics import Statistics

MEDIAN_OF_NORMAL: Final = 0.6745
"""Median of |g| for g ~ N(0, 1)."""
LOWEST_LEVEL: Final = 1e-6
"""Noise level taken for scans without noise: the rounding of float32 signals."""
NEGLECTED: Final = 0.03
"""Largest part of a state's signal that may lie outside the kept directions [noise level]."""
ENOUGH: Final = 1 << 18
"""Pixels that tell the noise level well enough."""
COARSE: Final = 0.01
"""What matters at this level may not count as noise."""
SPARE: Final = 3
"""Least directions outside the signals to estimate the noise from."""


class SignalSpace(nn.Module):
    """Principal components of the stabilised signals of every state.

    Args:
        table: (E, S) signal of every state, positive.
        statistics: how noise depends on the signal.
    """

    mean: Tensor
    basis: Tensor
    states: Tensor
    left_out: Tensor

    def __init__(self, table: Float[Tensor, "E S"], statistics: Statistics) -> None:
        super().__init__()
        self.statistics = statistics
        self.lowest = 0.1 * float(table.min())  # far below any state: noise stays finite
        signals = statistics.stabilise(table.double())
        mean = signals.mean(1, keepdim=True)
        basis = torch.linalg.eigh((signals - mean) @ (signals - mean).T).eigenvectors.flip(1)
        states = basis.T @ (signals - mean)
        beyond = states.square().flip(0).cumsum(0).flip(0).amax(1).sqrt()  # if cut before k
        self.register_buffer("mean", mean)
        self.register_buffer("basis", basis)
        self.register_buffer("states", states)
        self.register_buffer("left_out", torch.cat([beyond, beyond.new_zeros(1)]))

    def dimensions(self, level: float) -> int:
        """Return how many directions matter at a noise level."""
        return max(1, int((self.left_out[1:] > NEGLECTED * level).sum()) + 1)

    def stabilise(self, signal: Float[Tensor, "E *field"]) -> Float[Tensor, "E *field"]:
        """Return the stabilised signal; values far below every state are raised first."""
        return self.statistics.stabilise(signal.clamp_min(self.lowest))

    def estimate_level(self, signal: Float[Tensor, "E Y X"]) -> float:
        """Return the noise level of a scan: the rms of what no state can explain.

        Few energies leave nothing unexplained: then the second differences of neighbouring pixels
        tell it, which noise alone has where thickness is level or slopes evenly. Medians are taken,
        so that a few pixels off the model, or edges, do not count.

        Raises:
            InputError: few energies and a field of less than 3 pixels.
        """
        spare = max(SPARE, len(self.mean) - self.dimensions(10 * LOWEST_LEVEL))
        kept = len(self.mean) - spare
        if kept < self.dimensions(COARSE):
            return max(self._level_from_neighbours(signal), LOWEST_LEVEL)
        pixels = signal.flatten(1)
        pixels = pixels[:, :: 1 + pixels.shape[1] // ENOUGH]
        centred = self.stabilise(pixels.double()) - self.mean
        outside = (self.basis[:, kept:].T @ centred).square().sum(0)
        median = spare * (1 - 2 / (9 * spare)) ** 3  # of chi-squared, Wilson and Hilferty 1931
        return max(math.sqrt(float(outside.median()) / median), LOWEST_LEVEL)

    def _level_from_neighbours(self, signal: Tensor) -> float:
        if signal.shape[-1] < 3:
            raise InputError(
                f"{len(signal)} energies and a field {signal.shape[-1]} pixels wide leave nothing "
                "to estimate the noise from; set solver.level, the relative noise (0.02 is 2 %)"
            )
        differences = self.stabilise(signal.double()).diff(n=2).abs()
        return float(differences.median()) / (MEDIAN_OF_NORMAL * math.sqrt(6))  # 1 + 4 + 1

    def unbiased(
        self, signal: Float[Tensor, "E *field"], level: float
    ) -> Float[Tensor, "E *field"]:
        """Return the stabilised signal freed of the shift that noise of `level` gives its mean."""
        raised = signal.clamp_min(self.lowest)
        statistics = self.statistics
        return statistics.stabilise(raised) - level**2 * statistics.shift(raised)

    def compress(
        self, stabilised: Float[Tensor, "E *field"], level: float
    ) -> Float[Tensor, "K *field"]:
        """Return the components that matter at `level`."""
        field = stabilised.shape[1:]
        basis = self.basis[:, : self.dimensions(level)].to(stabilised)
        centred = stabilised.flatten(1) - self.mean.to(stabilised)
        return (basis.T @ centred).reshape(-1, *field)

    def states_at(self, level: float) -> Float[Tensor, "K S"]:
        """Return the same components of every state."""
        return self.states[: self.dimensions(level)]
