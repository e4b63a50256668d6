"""Thickness maps against noise: one mosaic per layer, predictors down, amounts of noise across."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sem3d.figures.colours import thickness_colours
from sem3d.figures.grids import colour_bar, wrapped

_TILE_INCH: Final = 1.05
_GAP: Final = 0.05
"""Space between tiles in parts of a tile; above a tile four times as much, for its number."""

_GROUND: Final = "#e9eaec"
"""Between the tiles: a film of 0 nm is white and needs an edge."""


def draw_noise_study(
    truth_nm: Float[np.ndarray, "L Y X"],
    rows: Mapping[str, Mapping[str, Float[np.ndarray, "L Y X"]]],
    columns: Sequence[str],
    layers: Sequence[str],
    limits_nm: Sequence[float],
) -> Figure:
    """Draw the truth and below it the maps [nm] of each predictor at rising noise.

    The number above a tile is its mean absolute error [nm].

    Args:
        truth_nm: true thickness of each layer [nm].
        rows: found thickness by row name, then by column; what is missing stays blank.
        columns: amounts of noise from left to right.
        layers: layer materials, lowest first.
        limits_nm: upper end of each layer's colour scale [nm].
    """
    aspect = truth_nm.shape[1] / truth_nm.shape[2]
    width = len(layers) * (len(columns) * _TILE_INCH + 0.3) + 1.2
    height = (1 + len(rows)) * _TILE_INCH * aspect * (1 + 4 * _GAP) + 1.3
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, len(layers), squeeze=False)[0]
    for k, (panel, layer) in enumerate(zip(axes, layers, strict=True)):
        maps = [[found[c][k] if c in found else None for c in columns] for found in rows.values()]
        _draw_layer(panel, truth_nm[k], maps, layer, limits_nm[k])
        panel.set_xlabel(f"{layer} at noise of", fontsize=9)
        panel.set_xticks(_centres(len(columns), truth_nm.shape[2], _GAP), columns, fontsize=8)
        panel.set_yticks([])
        colour_bar(figure, panel.images[0], [panel], f"{layer} [nm]", aspect=45)
    names = ["truth", *map(wrapped, rows)]
    centres = _centres(len(names), truth_nm.shape[1], 4 * _GAP)
    axes[0].set_yticks(centres, names, fontsize=7.5, weight="bold")
    return figure


def _draw_layer(
    axes: Axes,
    truth: Float[np.ndarray, "Y X"],
    maps: Sequence[Sequence[Float[np.ndarray, "Y X"] | None]],
    layer: str,
    limit: float,
) -> None:
    y, x = truth.shape
    columns = len(maps[0])
    tiles = [[truth, *[None] * (columns - 1)], *maps]
    down, right = _starts(len(tiles), y, 4 * _GAP), _starts(columns, x, _GAP)
    edge = right[0]
    mosaic = np.full((down[-1] + y + edge, right[-1] + x + edge), np.nan)
    for top, row in zip(down, tiles, strict=True):
        for left, tile in zip(right, row, strict=True):
            if tile is None:
                continue
            mosaic[top : top + y, left : left + x] = tile
            if tile is not truth:
                error = np.abs(tile - truth).mean()
                above = left + x / 2, top - 0.03 * y
                axes.text(*above, f"{error:.2f}", ha="center", va="bottom", fontsize=6.5)
    colours = thickness_colours(layer).with_extremes(bad=_GROUND)
    axes.imshow(mosaic, cmap=colours, vmin=0.0, vmax=limit, interpolation="none")
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _starts(count: int, size: int, gap: float) -> list[int]:
    """First pixel of each of `count` tiles of `size` pixels, a gap before each."""
    space = max(1, round(gap * size))
    return [space + n * (size + space) for n in range(count)]


def _centres(count: int, size: int, gap: float) -> list[float]:
    return [start + (size - 1) / 2 for start in _starts(count, size, gap)]
