"""The axes of a sweep's figures; nothing here draws."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """A swept setting as an axis.

    Attributes:
        name: of the setting.
        labels: its values as shown.
        places: where they stand, from 0 to 1.
        is_numeric: whether they are numbers; a line may join them.
    """

    name: str
    labels: tuple[str, ...]
    places: tuple[float, ...]
    is_numeric: bool


def apart(places: Sequence[float], least: float) -> list[int]:
    """Return the numbers of rising places whose labels do not meet, the first one kept."""
    kept: list[int] = []
    for n, place in enumerate(places):
        if not kept or place - places[kept[-1]] >= least:
            kept.append(n)
    return kept
