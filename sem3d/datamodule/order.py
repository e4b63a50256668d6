"""Which samples make up which batch, for every epoch and rank."""

import math

import numpy as np

from sem3d.errors import InputError
from sem3d.store.streams import seed_sequence


class EpochOrder:
    """Batches of sample indices; each rank takes its share of the same global batch.

    So n processes see, step by step, exactly the samples that one process sees.

    Args:
        count: number of samples.
        batch_size: samples per step over all ranks.
        seed: seed of the shuffle, or None to keep the stored order and take every sample. Batches
            are then of nearly equal size: no process may be left without a share, for the others
            would wait for it.
        rank: rank of this process.
        world: number of processes.

    Raises:
        InputError: batch_size does not divide by the processes, exceeds the training samples, or
            leaves a process without samples.
    """

    def __init__(
        self, count: int, batch_size: int, seed: int | None, rank: int = 0, world: int = 1
    ) -> None:
        if seed is not None and batch_size > count:
            raise InputError(
                f"datamodule.batch_size={batch_size} exceeds the {count} training samples; "
                "choose a smaller one"
            )
        if seed is not None and batch_size % world:
            raise InputError(
                f"datamodule.batch_size={batch_size} is not a multiple of the {world} processes; "
                "choose one that is"
            )
        if seed is None and count < world:
            raise InputError(
                f"{count} samples cannot be shared by {world} processes; use fewer trainer.devices"
            )
        self.count, self.batch_size, self.seed = count, batch_size, seed
        self.rank, self.world, self.epoch = rank, world, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is served next; Lightning calls this."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Steps per epoch; training drops the incomplete last batch."""
        if self.seed is not None:
            return self.count // self.batch_size
        return min(math.ceil(self.count / self.batch_size), self.count // self.world)

    def batches(self) -> list[np.ndarray]:
        """This rank's sample indices for every step of the current epoch."""
        if self.seed is None:
            whole = np.array_split(np.arange(self.count), len(self))
        else:
            sequence = seed_sequence(self.seed, "order", "train", self.epoch)
            order = np.random.default_rng(sequence).permutation(self.count)
            whole = list(order[: len(self) * self.batch_size].reshape(-1, self.batch_size))
        return [batch[self.rank :: self.world] for batch in whole]
