"""The axes of a sweep's figures; nothing here draws."""

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
