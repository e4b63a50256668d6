"""Batches by gathering rows of resident arrays into kept buffers; resumes inside an epoch."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from sem3d.datamodule.order import EpochOrder
from sem3d.datamodule.resident import Arrays

Batch = dict[str, Tensor]


class GatherLoader:
    """An iterable of batches, Lightning's data-loader protocol included.

    A batch stays valid until the second next one is drawn: two buffers take turns, because a
    fresh buffer per batch costs several times the gather itself.

    Args:
        arrays: arrays (N, ...) on one device.
        order: the batches of each epoch; also found by Lightning as ``sampler``.
    """

    batch_sampler = None  # Lightning asks for it where it finds a sampler

    def __init__(self, arrays: Arrays, order: EpochOrder) -> None:
        self.arrays, self.sampler = arrays, order
        self._buffers: list[dict[tuple[str, int], Tensor]] = [{}, {}]
        self._position = {"epoch": 0, "step": 0}

    def __len__(self) -> int:
        """Steps per epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches ``{name: (B, ...), "index": (B,)}`` from where the state says."""
        epoch = self.sampler.epoch
        start = self._position["step"] if self._position["epoch"] == epoch else 0
        for step, rows in enumerate(self.sampler.batches()):
            if step >= start:
                self._position = {"epoch": epoch, "step": step + 1}
                yield self._gather(torch.from_numpy(rows), self._buffers[step % 2])
        self._position = {"epoch": epoch + 1, "step": 0}

    def state_dict(self) -> dict[str, int]:
        """Position after the last yielded batch."""
        return dict(self._position)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue after the position of `state`."""
        self._position = {"epoch": int(state["epoch"]), "step": int(state["step"])}

    def _gather(self, rows: Tensor, buffers: dict[tuple[str, int], Tensor]) -> Batch:
        batch: Batch = {"index": rows}
        for name, array in self.arrays.items():
            key = (name, len(rows))
            if key not in buffers:
                buffers[key] = torch.empty(
                    (len(rows), *array.shape[1:]), dtype=array.dtype, device=array.device
                )
            batch[name] = torch.index_select(array, 0, rows.to(array.device), out=buffers[key])
        return batch
