"""Served counts: a simulated dose, or a lower one that is drawn out of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sem3d.errors import InputError
from sem3d.simulate.noise import Noise
from sem3d.simulate.statistics import COUNTING, Statistics
from sem3d.simulate.thinning import thin
from sem3d.specimen import check_dose


@dataclass(frozen=True)
class Dose:
    """The noise of datasets that hold electron counts: how many of the electrons are used.

    Attributes:
        electrons: dose per pixel and energy, a (low, high) range drawn log-uniformly per scan, or
            None for all that were simulated.

    Raises:
        InputError: no positive whole number or range of them.
    """

    electrons: Any = None
    statistics: ClassVar[Statistics] = COUNTING

    def __post_init__(self) -> None:
        amount = 1 if self.electrons is None else self.electrons
        for electrons in amount if isinstance(amount, Sequence) else (amount,):
            check_dose(electrons, "noise.electrons")
        low, high = self.range(1)
        if low > high:
            raise InputError(
                f"noise.electrons is {self.electrons}; give a dose, a pair low, high, or null "
                "for the simulated dose"
            )

    def range(self, sent: int) -> tuple[int, int]:
        """Return the lowest and the highest dose served of `sent` electrons."""
        given = sent if self.electrons is None else self.electrons
        low, high = given if isinstance(given, Sequence) else (given, given)
        return int(low), int(high)

    def of(self, sent: int, several: bool) -> "CountedDose":
        """Return this dose for counts of `sent` electrons; see `thin` for `several`.

        Raises:
            InputError: more electrons than were simulated.
        """
        if self.range(sent)[1] > sent:
            raise InputError(
                f"noise.electrons is {self.electrons} but the dataset was simulated with {sent} "
                f"electrons per pixel and energy; give at most {sent}, or null for all"
            )
        return CountedDose(self, sent, several)

    def deviation(self) -> float:
        """1 / sqrt(electrons).

        Raises:
            InputError: a range, or the dataset decides.
        """
        if not isinstance(self.electrons, int):
            raise InputError(f"noise.electrons is {self.electrons}; give one number here")
        return float(self.electrons**-0.5)

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and dose for result files."""
        return {"kind": "counts", "electrons": self.electrons}


@dataclass(frozen=True)
class CountedDose:
    """A dose taken out of counts of `sent` electrons.

    Attributes:
        dose: how many are used.
        sent: electrons behind each count.
        several: whether one of them may be counted more than once.
    """

    dose: Dose
    sent: int
    several: bool
    statistics: ClassVar[Statistics] = COUNTING

    def __call__(
        self, scan: Int[Tensor, "E Y X"], generator: torch.Generator
    ) -> Float[Tensor, "E Y X"]:
        """Return the yield: counts of the dose divided by it."""
        low, high = self.dose.range(self.sent)
        share = torch.rand((), generator=generator, device=generator.device).item()
        dose = round(low * (high / low) ** share)
        if dose == self.sent:
            return scan.float() / dose
        kept = _thin_on_gpu if scan.is_cuda else _thin_on_cpu
        return kept(scan, self.sent, dose, self.several, generator).float() / dose

    def deviation(self) -> float:
        """1 / sqrt(electrons).

        Raises:
            InputError: the dose is drawn from a range.
        """
        low, high = self.dose.range(self.sent)
        if low != high:
            raise InputError(f"noise.electrons is {self.dose.electrons}, a range; give one number")
        return 1 / math.sqrt(low)

    @property
    def provenance(self) -> dict[str, Any]:
        """Kind and dose for result files."""
        low, high = self.dose.range(self.sent)
        return {"kind": "counts", "electrons": low if low == high else [low, high]}


def check_fits(noise: Noise | Dose, electrons: int | None, several: bool, what: str) -> Noise:
    """Return the noise for scans of `what`, which hold counts where `electrons` is a number.

    Raises:
        InputError: counts need a dose, noise-free signals another noise.
    """
    if isinstance(noise, Dose):
        if electrons is None:
            raise InputError(f"{what} holds signals without noise, no counts; use noise=gaussian")
        return noise.of(electrons, several)
    if electrons is not None:
        raise InputError(
            f"{what} holds electron counts, which have their own noise; use noise=counts and "
            "noise.eval.electrons for a lower dose"
        )
    return noise


def _thin_on_cpu(
    counts: Tensor, sent: int, dose: int, several: bool, generator: torch.Generator
) -> Tensor:
    seed = torch.randint(2**62, (), generator=generator).item()
    rng = np.random.default_rng(int(seed))
    return torch.from_numpy(thin(counts.numpy(), sent, dose, rng, several))


def _thin_on_gpu(
    counts: Tensor, sent: int, dose: int, several: bool, generator: torch.Generator
) -> Tensor:
    """As `thin`, one counted electron of every pixel after the other."""
    draw = partial(torch.rand, counts.shape, generator=generator, device=counts.device)
    kept = torch.zeros_like(counts)
    for i in range(int(counts.max())):
        chance = dose / sent if several else (dose - kept) / (sent - i)
        kept += (draw() < chance) & (i < counts)
    return kept
