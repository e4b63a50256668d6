"""Pixels worked on in blocks, so that memory stays bounded however large the field is."""

from collections.abc import Callable
from typing import Final, TypeVar

from jaxtyping import Float
from torch import Tensor

ON_CPU: Final = 1 << 18
"""Elements of a block: a few such arrays should fit the cache."""
ON_CUDA: Final = 1 << 25

Found = TypeVar("Found")


def in_blocks(work: Callable[[Tensor], Found], data: Float[Tensor, "E P"]) -> list[Found]:
    """Apply `work` to (E, block) pieces of `data` and return what it finds, in order."""
    size = (ON_CUDA if data.is_cuda else ON_CPU) // len(data)
    return [work(block) for block in data.split(max(1, size), 1)]
