"""The opening picture: what goes in, what comes out, how far off it is."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sem3d.figures.colours import ERROR, material_colour, thickness_colours
from sem3d.figures.grids import colour_bar
from sem3d.figures.maps import error_limit, show_map

_COLUMNS = 4


def draw_overview(
    scan: Float[np.ndarray, "E Y X"],
    energies_keV: Float[np.ndarray, " E"],
    truth_nm: Float[np.ndarray, "L Y X"],
    prediction_nm: Float[np.ndarray, "L Y X"],
    layers: Sequence[str],
    limits_nm: Sequence[float],
) -> Figure:
    """Draw one specimen: scans from low to high energy above truth, prediction and error.

    Args:
        scan: backscatter images as the predictor saw them.
        energies_keV: beam energy of each image [keV].
        truth_nm: true thickness of each layer [nm].
        prediction_nm: predicted thickness of each layer [nm].
        layers: layer materials, lowest first.
        limits_nm: upper end of each layer's colour scale [nm].
    """
    figure = Figure(figsize=(9.6, 3.0 * (1 + len(layers))), layout="constrained")
    axes = figure.subplots(1 + len(layers), _COLUMNS)
    _draw_scans(figure, axes[0], scan, energies_keV)
    for k, layer in enumerate(layers):
        _draw_layer(figure, axes[k + 1], truth_nm[k], prediction_nm[k], layer, limits_nm[k])
    for panel in axes.flat:
        panel.tick_params(labelsize=7)
        panel.set_xlabel("x [pixel]", fontsize=8)
    for panel in axes[:, 0]:
        panel.set_ylabel("y [pixel]", fontsize=8)
    return figure


def cut_row(truth_nm: Float[np.ndarray, "Y X"]) -> int:
    """Return the y along which the true thickness varies most."""
    return int(np.argmax(truth_nm.std(axis=1)))


def _draw_scans(figure: Figure, axes: np.ndarray, scan: np.ndarray, energies: np.ndarray) -> None:
    """Draw up to four scans, each on its own grey scale: contrast fades with energy."""
    chosen = np.unique(np.linspace(0, len(energies) - 1, _COLUMNS).round().astype(int))
    for panel, n in zip(axes, chosen, strict=False):
        low, high = np.percentile(scan[n], [0.5, 99.5])
        image = show_map(panel, scan[n], "gray", (low, high))
        panel.set_title(f"scan at {energies[n]:g} keV", fontsize=9)
        colour_bar(figure, image, [panel], "backscatter signal")
    for panel in axes[len(chosen) :]:
        panel.set_axis_off()


def _draw_layer(
    figure: Figure,
    axes: np.ndarray,
    truth: np.ndarray,
    prediction: np.ndarray,
    layer: str,
    limit: float,
) -> None:
    error = prediction - truth
    reach = error_limit(error)
    colours = thickness_colours(layer)
    for panel, title, plane, cmap, limits in (
        (axes[0], f"true {layer}", truth, colours, (0.0, limit)),
        (axes[1], f"predicted {layer}", prediction, colours, (0.0, limit)),
        (
            axes[2],
            f"{layer} error, MAE {np.abs(error).mean():.2f} nm",
            error,
            ERROR,
            (-reach, reach),
        ),
    ):
        image = show_map(panel, plane, cmap, limits)
        panel.set_title(title, fontsize=9)
        colour_bar(figure, image, [panel], "error [nm]" if plane is error else "thickness [nm]")
    y = cut_row(truth)
    axes[0].axhline(y + 0.5, color="black", linestyle=":", linewidth=1)
    axes[3].set_title(f"{layer} along y = {y} (dotted)", fontsize=9)
    _draw_profile(axes[3], truth[y], prediction[y], layer)


def _draw_profile(axes: Axes, truth: np.ndarray, prediction: np.ndarray, layer: str) -> None:
    x = np.arange(len(truth)) + 0.5
    axes.plot(x, prediction, color=material_colour(layer), linewidth=2.4, label="predicted")
    axes.plot(x, truth, color="black", linewidth=0.8, label="true")
    axes.set(xlim=(0, len(truth)), xticks=[0, len(truth) // 2, len(truth)], box_aspect=1)
    axes.set_ylabel("thickness [nm]", fontsize=8)
    axes.set_ylim(0, 1.25 * max(1.0, truth.max(), prediction.max()))
    axes.legend(fontsize=7, frameon=False, loc="upper left", ncols=2)
