"""Signal statistics of the training split, saved with every run as its data fingerprint."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

SAMPLES = 512
"""The first training samples suffice: the means settle to 1e-3 of the spread."""


@dataclass(frozen=True)
class Statistics:
    """Per-energy statistics of training scans, noise-free ones of layers.

    Attributes:
        mean: (E,) mean signal.
        std: (E,) standard deviation of the signal.
        samples: number of scans measured.
        checksum: checksum of the dataset they come from.
        labels: label values that training shows.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    samples: int
    checksum: str
    labels: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON and checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Statistics":
        """Invert `to_dict`, also after JSON."""
        listed = {key: tuple(values[key]) for key in ("mean", "std", "labels")}
        return cls(**values | listed)


def measure(scan: Tensor, checksum: str, labels: tuple[int, ...], electrons: int = 1) -> Statistics:
    """Measure signals, or counts of `electrons`, (N, E, Y, X).

    In float64, so that the result does not depend on order.
    """
    subset = scan[:SAMPLES]
    moments = torch.zeros(2, scan.shape[1], dtype=torch.float64)
    for sample in subset:
        values = sample.double().cpu() / electrons
        moments += torch.stack([values.mean((-1, -2)), values.square().mean((-1, -2))])
    mean, square = moments / len(subset)
    std = (square - mean.square()).clamp_min(1e-12).sqrt()
    return Statistics(tuple(mean.tolist()), tuple(std.tolist()), len(subset), checksum, labels)
