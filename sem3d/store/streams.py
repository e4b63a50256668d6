"""Random streams: one seed per (purpose, split, sample), so content never depends on order.

Workers, batch size, rank, interruption and resume leave every sample's draw unchanged.
"""

from typing import Final, Literal

import numpy as np
import torch

SPLITS: Final = ("train", "val", "test")
PURPOSES: Final = ("geometry", "noise", "augment", "order", "network", "transport")

Purpose = Literal["geometry", "noise", "augment", "order", "network", "transport"]


def seed_sequence(seed: int, purpose: Purpose, split: str, *key: int) -> np.random.SeedSequence:
    """Return the seed sequence of one draw.

    Args:
        seed: seed of the dataset or of the run.
        purpose: what is drawn.
        split: train, val or test.
        key: further indices, such as epoch and sample.
    """
    spawn_key = (PURPOSES.index(purpose), SPLITS.index(split), *key)
    return np.random.SeedSequence(seed, spawn_key=spawn_key)


def torch_generator(
    sequence: np.random.SeedSequence, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return a torch generator on `device` seeded from `sequence`."""
    return torch.Generator(device).manual_seed(integer(sequence))


def integer(sequence: np.random.SeedSequence) -> int:
    """Return a seed in 0..2^63 - 1, the range that torch takes."""
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
