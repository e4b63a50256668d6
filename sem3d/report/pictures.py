"""A figure with its caption."""

import io
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure, its file stem, title and caption; without a figure the caption says why."""

    stem: str
    title: str
    caption: str
    figure: Figure | None = None

    @cached_property
    def png(self) -> bytes | None:
        """The figure as a PNG on white, drawn once; None without a figure."""
        if self.figure is None:
            return None
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=150, facecolor="white")
        return buffer.getvalue()
