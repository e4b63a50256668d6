"""What a predictor found, how far off it is, and what it says about its own errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from sem3d.figures.colours import thickness_colours
from sem3d.figures.grids import colour_bar, name_row
from sem3d.figures.maps import error_limit, show_map

_SPREAD: Final = "gist_heat_r"
"""Colours of absolute and expected errors, white at none."""

_MISFIT: Final = "PuOr_r"
"""Colours of the residual: white where it is as large as the noise, orange above."""


@dataclass(frozen=True)
class Doubt:
    """One specimen: truth, what was found, and what the predictor says about its errors.

    Attributes:
        truth_nm: true thickness [nm].
        found_nm: found thickness [nm].
        uncertainty_nm: expected rms error [nm].
        residual: mean squared misfit in units of the noise variance, or None.
        ambiguity: probability that another set of layers is present, or None.
    """

    truth_nm: Float[np.ndarray, "L Y X"]
    found_nm: Float[np.ndarray, "L Y X"]
    uncertainty_nm: Float[np.ndarray, "L Y X"]
    residual: Float[np.ndarray, "Y X"] | None = None
    ambiguity: Float[np.ndarray, "Y X"] | None = None

    @property
    def error_nm(self) -> Float[np.ndarray, "L Y X"]:
        """Absolute error [nm]."""
        return np.abs(self.found_nm - self.truth_nm)


def draw_uncertainty(
    specimens: Mapping[str, Doubt], layers: Sequence[str], limits_nm: Sequence[float]
) -> Figure:
    """Draw one block of rows per specimen: a row per layer, beside it residual and ambiguity.

    Error and expected error of a layer share one colour scale, so that they compare.

    Args:
        specimens: what to draw, by name.
        layers: layer materials, lowest first.
        limits_nm: upper end of each layer's colour scale [nm].
    """
    rows = max(2, len(layers))
    figure = Figure(figsize=(9.8, 2.45 * rows * len(specimens)), layout="constrained")
    axes = figure.subplots(rows * len(specimens), 4, squeeze=False)
    for panel in axes.flat:
        panel.tick_params(labelsize=7)
        panel.set_axis_off()
    for n, (name, doubt) in enumerate(specimens.items()):
        block = axes[n * rows : (n + 1) * rows]
        for k, layer in enumerate(layers):
            _draw_layer(figure, block[k, :3], doubt, k, layer, limits_nm[k])
            name_row(block[k, 0], name if k == 0 else "")
        _draw_fit(figure, block[:2, 3], doubt)
    return figure


def _draw_layer(
    figure: Figure, axes: np.ndarray, doubt: Doubt, k: int, layer: str, limit: float
) -> None:
    error, spread = doubt.error_nm[k], doubt.uncertainty_nm[k]
    reach = error_limit(np.stack([error, spread]))
    _show(figure, axes[0], doubt.found_nm[k], thickness_colours(layer), (0.0, limit))
    _show(figure, axes[1], error, _SPREAD, (0.0, reach), clipped=True)
    _show(figure, axes[2], spread, _SPREAD, (0.0, reach), clipped=True)
    axes[0].set_title(f"found {layer} [nm]", fontsize=9)
    axes[1].set_title(f"{layer}: absolute error [nm]", fontsize=9)
    axes[2].set_title(f"{layer}: expected error [nm]", fontsize=9)


def _draw_fit(figure: Figure, axes: np.ndarray, doubt: Doubt) -> None:
    if doubt.residual is not None:
        _show(figure, axes[0], doubt.residual, _MISFIT, (0.0, 2.0), clipped=True)
        axes[0].set_title("residual [noise variance]", fontsize=9)
    if doubt.ambiguity is not None:
        _show(figure, axes[1], doubt.ambiguity, "Greys", (0.0, 1.0))
        axes[1].set_title("ambiguity [probability]", fontsize=9)


def _show(
    figure: Figure,
    axes: Axes,
    plane: np.ndarray,
    cmap: Colormap | str,
    limits: tuple[float, float],
    clipped: bool = False,
) -> None:
    axes.set_axis_on()
    image = show_map(axes, plane, cmap, limits)
    colour_bar(figure, image, [axes], "", clipped=clipped)
