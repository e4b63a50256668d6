"""A metric that keeps one row of numbers per sample, so that no order of work can change it."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Int, Num
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from sem3d.errors import InputError


class SampleRows(Metric):
    """Base of metrics computed from a table with one row per sample.

    Rows are gathered from all ranks, sorted by sample index, and a sample seen twice (samplers
    pad the last batch of a rank with repeats) counts once. The result is therefore the same to
    the last bit for every batch size, order and number of ranks.

    Args:
        columns: numbers in a row, the index included.
        dtype: type of the row; it must hold the index exactly.
    """

    full_state_update = False
    rows: list[Tensor]

    def __init__(self, columns: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.add_state("rows", default=[], dist_reduce_fx="cat")
        self._no_rows = torch.empty(0, columns, dtype=dtype)

    def add_rows(self, index: Int[Tensor, "B"], values: Num[Tensor, "B K"]) -> None:
        """Append the values (B, K) of the samples numbered `index` (B,)."""
        self.rows.append(torch.cat([index.to(values)[:, None], values], dim=1))

    def table(self) -> Num[np.ndarray, "N W"]:
        """Rows of every sample on every rank, (N, 1 + K), sorted by the index in column 0.

        Raises:
            InputError: no sample was seen.
        """
        with self.sync_context():
            return self.sorted_rows()

    def sorted_rows(self) -> Num[np.ndarray, "N W"]:
        """The table of the ranks gathered so far; `compute` calls it with all ranks gathered.

        Raises:
            InputError: no sample was seen.
        """
        rows = dim_zero_cat(self.rows).numpy(force=True)
        if not len(rows):
            raise InputError(f"{type(self).__name__} has seen no sample; evaluate at least one")
        # all columns are sort keys, so repeats that differ by rounding also leave the same row
        rows = rows[np.lexsort(rows.T[::-1])]
        return rows[np.unique(rows[:, 0], return_index=True)[1]]

    def sync(self, *args: Any, **kwargs: Any) -> None:
        """Gather the rows of all ranks; a rank without samples sends a table without rows."""
        if len(self.rows) == 0:
            self.rows.append(self._no_rows.to(self.device))
        super().sync(*args, **kwargs)
