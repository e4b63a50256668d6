"""Importance of settings as bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sem3d.figures.colours import CURVES


@dataclass(frozen=True)
class Bar:
    """Part of the variance of the scores.

    Attributes:
        name: whose it is.
        share: from 0 to 1.
        least: lower end of its range.
        largest: upper end of its range.
        chance: what scatter alone would give, None where this is not known.
        colour: number of its kind: 0 a setting, 1 a pair, 2 what is left.
    """

    name: str
    share: float
    least: float
    largest: float
    chance: float | None
    colour: int


KINDS = ("one setting", "a pair, beyond its settings", "what is left")


def draw_shares(bars: Sequence[Bar], title: str) -> Figure:
    """Draw bars from top to bottom."""
    figure = Figure(figsize=(7.6, 1.5 + 0.34 * len(bars)), layout="constrained")
    area = figure.subplots()
    for row, bar in enumerate(bars):
        area.barh(row, 100 * bar.share, height=0.66, color=_colour(bar.colour))
        if bar.largest > bar.least:
            area.plot([100 * bar.least, 100 * bar.largest], [row, row], color="0.15", linewidth=1.6)
        if bar.chance is not None:
            area.plot([100 * bar.chance] * 2, [row - 0.42, row + 0.42], color="0.15", linestyle=":")
        end = 100 * max(bar.largest, bar.share, bar.chance or 0)
        area.text(end + 1, row, f"{100 * bar.share:.1f} %", va="center", fontsize=8)
    area.set_yticks(range(len(bars)), [bar.name for bar in bars], fontsize=8)
    area.set_title(title, fontsize=9, loc="left")
    area.invert_yaxis()
    area.set(xlim=(0, 112), xlabel="share of the variance of the scores [%]")
    area.set_xticks(range(0, 101, 20))
    for side in ("top", "right"):
        area.spines[side].set_visible(False)
    kinds = sorted({bar.colour for bar in bars})
    handles: list[Patch | Line2D] = [
        Patch(color=_colour(kind), label=KINDS[kind]) for kind in kinds
    ]
    if any(bar.chance is not None for bar in bars):
        handles.append(Line2D([], [], color="0.15", linestyle=":", label="by scatter alone"))
    if any(bar.largest > bar.least for bar in bars):
        handles.append(Line2D([], [], color="0.15", label="range over orders"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _colour(kind: int) -> str:
    return (CURVES[0], CURVES[4], "0.75")[kind]
