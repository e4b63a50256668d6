"""Heat maps of scores over two settings, and scores over one."""

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from sem3d.figures.sweeps.axes import Axis, apart
from sem3d.figures.sweeps.scale import BEST, Scale
from sem3d.figures.sweeps.scores import Scores

CELL_INCH: Final = 0.36
"""Side of a cell that holds a number."""

EMPTY: Final = "0.93"
LEAST_INCH: Final = 2.0
"""Least width of a panel."""

CHARACTER_INCH: Final = 0.065
"""Of labels."""


def draw_map(shown: Scores, title: str, scale: Scale) -> Figure:
    """Draw one heat map over two settings, the longer axis across."""
    shown = shown.lying()
    width, height = _size(shown.axes)
    figure = Figure(figsize=(width + 1.6, height + 1.5), layout="constrained")
    area = figure.subplots()
    _draw(area, shown, scale)
    area.set_title(title, fontsize=9, loc="left")
    _bar(figure, [area], title, scale)
    return figure


def draw_slices(shown: Scores, title: str, scale: Scale) -> Figure:
    """Draw a heat map for every value of the setting with the fewest, then mean and best over it.

    Args:
        shown: scores over three settings.
        title: name of the score.
        scale: of the scores.
    """
    third = int(np.argmin(shown.score.shape))
    axis = shown.axes[third]
    panels = {f"{axis.name} {label}": shown.at(third, n) for n, label in enumerate(axis.labels)}
    kept = tuple(n for n in range(3) if n != third)
    panels[f"mean over {axis.name}"] = shown.mean(kept)
    panels[f"best over {axis.name}"] = shown.best(kept, higher=scale.higher)
    panels = {name: panel.lying() for name, panel in panels.items()}
    width, height = _size(next(iter(panels.values())).axes)
    columns = max(1, min(len(panels), round(14 / (width + 0.8))))
    rows = -(-len(panels) // columns)
    figure = Figure(
        figsize=(columns * (width + 0.9) + 1.0, rows * (height + 1.05) + 0.2), layout="constrained"
    )
    areas = figure.subplots(rows, columns, squeeze=False).ravel()
    for area, (name, panel) in zip(areas, panels.items(), strict=False):
        _draw(area, panel, scale)
        area.set_title(name, fontsize=9, loc="left")
    for area in areas[len(panels) :]:
        area.set_axis_off()
    _bar(figure, list(areas), title, scale)
    return figure


def draw_pairs(shown: Scores, title: str, scale: Scale, drawn: Sequence[int]) -> Figure:
    """Draw pairs of settings: above the diagonal the best over all others, below the mean.

    On the diagonal stands best and mean score over each setting alone.

    Args:
        shown: scores over three settings or more.
        title: name of the score.
        scale: of the scores.
        drawn: numbers of the settings to draw.
    """
    count = len(drawn)
    sizes = [max(LEAST_INCH, CELL_INCH * len(shown.axes[n].labels)) for n in drawn]
    figure = Figure(
        figsize=(sum(sizes) + 0.75 * count + 1.2, sum(sizes) + 0.7 * count + 0.4),
        layout="constrained",
    )
    areas = figure.subplots(
        count, count, squeeze=False,
        gridspec_kw={"width_ratios": sizes, "height_ratios": sizes},
    )  # fmt: skip
    for area, (row, column) in zip(areas.ravel(), product(drawn, drawn), strict=True):
        if row == column:
            _draw_line(area, shown, row, scale, sizes[drawn.index(row)])
        else:
            _draw_pair(area, shown, (row, column), scale)
    _bar(figure, list(areas.ravel()), title, scale)
    return figure


def draw_line(shown: Scores, title: str, scale: Scale) -> Figure:
    """Draw the score over one setting."""
    width = max(3.6, 0.55 * len(shown.axes[0].labels))
    figure = Figure(figsize=(width + 1.2, 3.6))
    figure.set_layout_engine("constrained")
    area = figure.subplots()
    _draw_line(area, shown, 0, scale, width)
    area.set(xlabel=shown.axes[0].name, ylabel=title)
    return figure


def _draw_line(area: Axes, shown: Scores, n: int, scale: Scale, inch: float) -> None:
    """Draw best and mean over all other settings, and every job as a dot, `inch` wide."""
    axis = shown.axes[n]
    places = np.array(axis.places)
    if len(shown.axes) > 1:
        every = np.moveaxis(shown.score, n, 0).reshape(len(places), -1)
        partial = np.moveaxis(shown.partial, n, 0).reshape(len(places), -1)
        for dots, face in ((~partial, "0.55"), (partial, "none")):
            row, column = np.nonzero(dots & np.isfinite(every))
            area.scatter(places[row], every[row, column], 9, facecolors=face, edgecolors="0.55")
    _draw_best(area, shown.best((n,), higher=scale.higher))
    if len(shown.axes) > 1:
        line = "--" if axis.is_numeric else "none"
        area.plot(
            places, shown.mean((n,)).score, marker="s", linestyle=line, color="0.2",
            markersize=3.5, label="mean",
        )  # fmt: skip
    if len(area.get_lines()) > 1:
        area.legend(frameon=False, fontsize=7)
    _set_ticks(area, axis, inch)
    area.set(ylim=scale.margins, xlim=(-0.06, 1.06))
    area.tick_params(axis="y", labelsize=7)
    area.grid(color="0.92", linewidth=0.6)
    area.set_title(axis.name, fontsize=9, loc="left")


def _draw_best(area: Axes, best: Scores) -> None:
    """Draw best scores over one setting; partial ones hollow and not joined, lost ones as x."""
    (axis,) = best.axes
    there = np.isfinite(best.score)
    places, whole, lost = np.array(axis.places), there & ~best.partial, best.lost & ~there
    line = "-" if axis.is_numeric else "none"
    style: dict[str, Any] = {"marker": "o", "color": BEST, "markersize": 4}
    area.plot(places[whole], best.score[whole], linestyle=line, label="best", **style)
    if (half := there & best.partial).any():
        style |= {"fillstyle": "none", "linestyle": "none", "label": "best, of fewer epochs"}
        area.plot(places[half], best.score[half], **style)
    if lost.any():
        bottom = area.get_xaxis_transform()
        area.plot(
            places[lost], 0.03 * np.ones(lost.sum()), "x", color="0.45", transform=bottom,
            label="no score",
        )  # fmt: skip


def _set_ticks(area: Axes, axis: Axis, inch: float) -> None:
    """Mark every value on an axis `inch` wide; leave out labels that would meet the one before."""
    turn = _turn(axis)
    label = CHARACTER_INCH * (max(map(len, axis.labels)) if turn == 0 else 2)
    kept = apart(axis.places, label / inch)
    labels = [axis.labels[n] for n in kept]
    area.set_xticks([axis.places[n] for n in kept], labels, rotation=turn, fontsize=7)
    area.set_xticks(axis.places, minor=True)


def _draw_pair(area: Axes, shown: Scores, pair: tuple[int, int], scale: Scale) -> None:
    row, column = pair
    kept = (min(pair), max(pair))
    over = ", ".join(axis.name for n, axis in enumerate(shown.axes) if n not in pair)
    if row < column:
        _draw(area, shown.best(kept, higher=scale.higher), scale)
        area.set_title(f"best over {over}", fontsize=8, loc="left")
    else:
        _draw(area, shown.mean(kept).turned(), scale)
        area.set_title(f"mean over {over}", fontsize=8, loc="left")


def _draw(area: Axes, shown: Scores, scale: Scale) -> None:
    """Draw a map (rows, columns); cells without a job are grey, jobs without a score crossed."""
    down, across = shown.axes
    area.set_facecolor(EMPTY)
    area.imshow(
        np.ma.masked_invalid(shown.score), cmap=scale.colours, norm=scale.norm, aspect="auto",
        origin="lower", interpolation="none",
    )  # fmt: skip
    digits = _digits(scale)
    for (y, x), score in np.ndenumerate(shown.score):
        if shown.lost[y, x] and not np.isfinite(score):
            area.text(x, y, "×", ha="center", va="center", fontsize=9, color="0.45")
        elif np.isfinite(score):
            text = _number(score, digits)
            colour = "white" if scale.is_dark(score) else "0.1"
            text = f"({text})" if shown.partial[y, x] else text
            area.text(x, y, text, ha="center", va="center", fontsize=6.3, color=colour)
    if np.isfinite(shown.score).any():
        pick = np.nanargmax if scale.higher else np.nanargmin
        y, x = np.unravel_index(pick(shown.score), shown.score.shape)
        area.add_patch(_frame(int(x), int(y)))
    area.set_xticks(range(len(across.labels)), across.labels, rotation=_turn(across), fontsize=7)
    area.set_yticks(range(len(down.labels)), down.labels, fontsize=7)
    area.set_xlabel(across.name, fontsize=8)
    area.set_ylabel(down.name, fontsize=8)
    area.tick_params(length=0)


def _frame(x: int, y: int) -> Rectangle:
    """Frame of the best cell."""
    return Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=BEST, linewidth=2)


def _digits(scale: Scale) -> int:
    """Return the decimals that tell some twenty steps of the scale apart."""
    return int(np.clip(np.ceil(-np.log10((scale.high - scale.low) / 20)), 0, 4))


def _number(score: float, digits: int) -> str:
    text = f"{score:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _turn(axis: Axis) -> float:
    """Return by how much labels turn so that they do not meet."""
    space = max(LEAST_INCH / len(axis.labels), CELL_INCH)
    return 90 if CHARACTER_INCH * max(map(len, axis.labels)) > space else 0


def _size(axes: Sequence[Axis]) -> tuple[float, float]:
    """Width and height [inch] of a map (rows, columns)."""
    down, across = (len(axis.labels) for axis in axes)
    return max(2.2, CELL_INCH * across), max(1.5, CELL_INCH * down)


def _bar(figure: Figure, areas: Sequence[Axes], title: str, scale: Scale) -> None:
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours), ax=areas, extend=scale.extend, pad=0.01,
        aspect=30, ticks=MaxNLocator(6),
    )  # fmt: skip
    bar.set_label(title, fontsize=8)
    bar.ax.tick_params(labelsize=7)
