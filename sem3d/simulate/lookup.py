"""Exact look-up of a layered forward model at integer thicknesses."""

import itertools
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from sem3d.errors import InputError
from sem3d.specimen import LayerStack

MAX_STATES = 20_000_000


class LookupForward(nn.Module):
    """A table of the signal at every integer state of a stack; calling it is a gather.

    Args:
        forward_model: maps thickness (L, Y, X) [nm] to signal (E, Y, X); evaluated once per state
            in float64 and rounded to float32. It must treat pixels independently.
        stack: its limits span the table, ``prod(limit + 1)`` states.

    Raises:
        InputError: the stack has more than `MAX_STATES` states.
    """

    table: Tensor
    stride: Tensor
    limits: Tensor

    def __init__(self, forward_model: Callable[[Tensor], Tensor], stack: LayerStack) -> None:
        super().__init__()
        sizes = [limit + 1 for limit in stack.limits_nm]
        if math.prod(sizes) > MAX_STATES:
            raise InputError(
                f"stack limits {stack.limits_nm} nm need a table of {math.prod(sizes):,} states, "
                f"more than {MAX_STATES:,}; use floating-point thickness maps instead"
            )
        axes = [torch.arange(n, dtype=torch.float64) for n in sizes]
        states = torch.cartesian_prod(*axes).reshape(-1, len(sizes)).T  # (L, states)
        with torch.no_grad():
            signal = forward_model(states[:, None, :])
        self.register_buffer("table", signal[:, 0].float().contiguous())  # (E, states)
        steps = list(itertools.accumulate(reversed(sizes[1:]), initial=1, func=lambda a, b: a * b))
        self.register_buffer("stride", torch.tensor(steps[::-1]))
        self.register_buffer("limits", torch.tensor(stack.limits_nm))

    def forward(self, thickness_nm: Integer[Tensor, "*B L Y X"]) -> Float[Tensor, "*B E Y X"]:
        """Signal (E, Y, X) of integer thickness maps (L, Y, X) [nm].

        Raises:
            InputError: a thickness is negative or beyond its limit.
        """
        low, high = thickness_nm.amin((-1, -2)), thickness_nm.amax((-1, -2))
        if (low < 0).any() or (high > self.limits).any():
            raise InputError(
                f"thickness spans {int(low.min())}..{int(high.max())} nm but the table ends at "
                f"{self.limits.tolist()} nm; clip the maps or raise the limits"
            )
        state = (thickness_nm.long() * self.stride[:, None, None]).sum(-3)  # (*B, Y, X)
        rows = self.table.index_select(1, state.reshape(-1))  # (E, B*Y*X)
        lead, field = state.shape[:-2], state.shape[-2:]
        signal = rows.reshape(len(self.table), *lead, *field)
        return signal.movedim(0, -3)
