"""Thickness maps: predictors one below the other under the truth, with or without errors."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from sem3d.figures.colours import ERROR, thickness_colours
from sem3d.figures.grids import blank, colour_bar, name_axes, name_row, panel_grid


def draw_thickness_maps(
    rows: Mapping[str, Mapping[str, Float[np.ndarray, "L Y X"]]],
    layers: Sequence[str],
    limits_nm: Sequence[float],
) -> Figure:
    """Draw one row per predictor, one column per specimen and layer.

    Args:
        rows: thickness [nm] (L, Y, X) by row name, then by specimen; the first row (the truth)
            sets the specimens, a specimen missing further down stays blank.
        layers: layer materials, lowest first.
        limits_nm: upper end of each layer's colour scale [nm].
    """
    specimens = list(next(iter(rows.values())))
    figure, axes = panel_grid(len(rows), len(specimens) * len(layers))
    for row, (name, maps) in zip(axes, rows.items(), strict=True):
        name_row(row[0], name)
        for panels, specimen in zip(row.reshape(-1, len(layers)), specimens, strict=True):
            _draw_layers(panels, maps.get(specimen), layers, limits_nm)
    for column, n in zip(axes.T, np.ndindex(len(specimens), len(layers)), strict=True):
        specimen, layer = specimens[n[0]], layers[n[1]]
        column[0].set_title(f"{specimen}\n{layer}", fontsize=8)
        colour_bar(figure, column[0].images[0], column, f"{layer} [nm]")
    name_axes(figure, axes, "x [pixel]", "y [pixel]")
    return figure


def draw_thickness_errors(
    truth_nm: Float[np.ndarray, "L Y X"],
    predictions_nm: Mapping[str, Float[np.ndarray, "L Y X"]],
    layers: Sequence[str],
    limits_nm: Sequence[float],
) -> Figure:
    """Draw predicted beside true maps [nm] and their difference, as Artemov et al., Figure 5.

    Columns are the map and the error of each layer, rows the truth and then the predictors,
    lettered A, B, C. One error scale per layer holds for all predictors.
    """
    figure, axes = panel_grid(1 + len(predictions_nm), 2 * len(layers))
    name_row(axes[0, 0], "truth")
    for n, name in enumerate(predictions_nm):
        name_row(axes[n + 1, 0], f"{chr(ord('A') + n % 26)}: {name}")
    for k, (layer, limit) in enumerate(zip(layers, limits_nm, strict=True)):
        maps = [planes[k] for planes in predictions_nm.values()]
        left, right = axes[:, 2 * k], axes[:, 2 * k + 1]
        _draw_column(figure, left, [truth_nm[k], *maps], layer, limit)
        _draw_errors(figure, right, [plane - truth_nm[k] for plane in maps], layer)
    name_axes(figure, axes, "x [pixel]", "y [pixel]")
    return figure


def show_map(
    axes: Axes,
    plane: Float[np.ndarray, "Y X"],
    cmap: Colormap | str,
    limits: tuple[float, float],
) -> AxesImage:
    """Draw one plane (Y, X), first row on top, with the colour scale between `limits`."""
    y, x = plane.shape
    axes.set_yticks([0, y // 2, y])
    axes.set_xticks([0, x // 2, x])
    low, high = limits
    return axes.imshow(
        plane, extent=(0, x, y, 0), cmap=cmap, vmin=low, vmax=high, interpolation="none"
    )


def error_limit(errors: Float[np.ndarray, "*shape"]) -> float:
    """Return a symmetric colour limit [nm], at least 1 nm, beyond the smallest 99 % of `errors`."""
    return max(1.0, float(np.percentile(np.abs(errors), 99)))


def _draw_layers(
    panels: np.ndarray,
    planes: np.ndarray | None,
    layers: Sequence[str],
    limits_nm: Sequence[float],
) -> None:
    for k, (layer, limit) in enumerate(zip(layers, limits_nm, strict=True)):
        if planes is None:
            blank(panels[k], "not run")
        else:
            show_map(panels[k], planes[k], thickness_colours(layer), (0.0, limit))


def _draw_column(
    figure: Figure, axes: np.ndarray, planes: Sequence[np.ndarray], layer: str, limit: float
) -> None:
    for panel, plane in zip(axes, planes, strict=True):
        image = show_map(panel, plane, thickness_colours(layer), (0.0, limit))
    axes[0].set_title(f"{layer} thickness", fontsize=9)
    colour_bar(figure, image, axes, f"{layer} [nm]")


def _draw_errors(
    figure: Figure, axes: np.ndarray, errors: Sequence[np.ndarray], layer: str
) -> None:
    limit = error_limit(np.stack(errors))
    axes[0].set_title(f"{layer} error", fontsize=9)
    blank(axes[0], "predicted\n− true")
    for panel, error in zip(axes[1:], errors, strict=True):
        image = show_map(panel, error, ERROR, (-limit, limit))
        panel.set_title(f"MAE {np.abs(error).mean():.2f} nm", fontsize=8)
    colour_bar(figure, image, axes, f"{layer} error [nm]")
