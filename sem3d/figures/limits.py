"""What can be known at best: Cramer-Rao curves and maps, ambiguity, choice of energies."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Integer
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from sem3d.figures.colours import CURVES, MATERIALS

Curve = Float[np.ndarray, "_ 2"]
"""Points (thickness or energy, value), any number of them."""
Curves = Mapping[str, Mapping[str, Curve]]
"""Curves by layer, lowest first, then by case."""

GOOD: Final = "viridis_r"
"""Colours of standard deviations: dark is bad."""
SIGMAS: Final = (0, 0.1, 0.25, 0.5, 1, 2, 4, 8)
"""Steps of the distance between states [noise standard deviations]."""
CLOSEST: Final = 0.01
"""Least distance drawn in curves: equal states have none."""
STYLES: Final = ("-", "--", ":")
"""Line styles, changed when the colours begin again."""


def draw_cramer_rao(
    deviations: Curves,
    shares: Curves,
    titles: Mapping[str, str],
    maps_nm: Float[np.ndarray, "L Y X"] | None,
    layers: Sequence[str],
) -> Figure:
    """Draw the least standard deviation of each layer, and where its information is.

    Args:
        deviations: points (own thickness [nm], standard deviation [nm]) by layer, then by case.
        shares: points (energy [keV], share of the information [%]) by layer, then by case.
        titles: what the shares were taken at, by layer.
        maps_nm: standard deviation [nm] of the lowest two layers over the thickness in whole nm of
            the lowest (Y) and the second layer (X), NaN where absent; None draws no maps.
        layers: names of all layers, lowest first.
    """
    rows = len(layers) + (maps_nm is not None)
    figure = Figure(figsize=(11, 0.4 + 3.1 * rows), layout=ConstrainedLayoutEngine(w_pad=0.1))
    axes = figure.subplots(rows, 2, squeeze=False)
    for (left, right), layer in zip(axes, layers, strict=False):
        _draw_curves(left, deviations[layer], f"{layer} thickness [nm]")
        left.set(ylabel=f"standard deviation of {layer} [nm]")
        _log_axis(left)
        _draw_curves(right, shares[layer], "beam energy [keV]", marker=".")
        right.set(ylabel=f"information on {layer} [% of all energies]", ylim=(0, None))
        right.set_title(titles[layer], fontsize=9, loc="left")
        left.legend(framealpha=0.8, edgecolor="none", fontsize=7, ncols=2)
        right.legend(framealpha=0.8, edgecolor="none", fontsize=7)
    if maps_nm is not None:
        for panel, plane, layer in zip(axes[-1], maps_nm, layers, strict=False):
            image = _show_plane(panel, plane, layers, GOOD, _log_scale(plane))
            bar = figure.colorbar(image, ax=panel, label=f"standard deviation of {layer} [nm]")
            _log_axis(bar.ax)
    return figure


def draw_ambiguity(
    single: Mapping[str, Curve],
    distance: Float[np.ndarray, "Y X"] | None,
    nearest: Integer[np.ndarray, "Y X"] | None,
    sets: Sequence[str],
    layers: Sequence[str],
) -> Figure:
    """Draw how far the nearest state with another set of layers is.

    Args:
        single: points (thickness [nm], distance [noise standard deviations]) by the only layer,
            a name in `sets`.
        distance: the same over the thickness in whole nm of the lowest (Y) and the second layer
            (X); None draws curves only.
        nearest: which set that state has, an index into `sets`.
        sets: names of the sets of layers, bare substrate first.
        layers: names of all layers, lowest first.
    """
    columns = 1 if distance is None else 3
    figure = Figure(figsize=(0.8 + 4.6 * columns, 3.9), layout=ConstrainedLayoutEngine(w_pad=0.1))
    axes = figure.subplots(1, columns, squeeze=False)[0]
    colours = name_colours(sets)
    for name, curve in single.items():
        shown = np.clip(curve, CLOSEST, None)
        axes[0].plot(*shown.T, color=colours[name], label=f"{name} alone")
    axes[0].axhline(2, color="0.6", linewidth=0.8, linestyle=":")
    axes[0].set(xscale="log", xlabel="thickness [nm]")
    axes[0].xaxis.set_major_formatter("{x:g}")
    _log_axis(axes[0])
    axes[0].set_ylabel("distance to another set of layers [noise σ]")
    axes[0].legend(frameon=False, fontsize=8)
    axes[0].grid(color="0.9", linewidth=0.6)
    if distance is not None and nearest is not None:
        scale = BoundaryNorm(SIGMAS, 256, extend="max")
        image = _show_plane(axes[1], distance, layers, "cividis", scale)
        axes[1].set_title("distance to another set of layers", fontsize=9, loc="left")
        figure.colorbar(image, ax=axes[1], ticks=SIGMAS, label="distance [noise σ]")
        _draw_nearest(figure, axes[2], nearest, colours, layers)
    return figure


def draw_energies(
    chosen: Bool[np.ndarray, "K E"],
    energies_keV: Float[np.ndarray, " E"],
    retained: Float[np.ndarray, " K"],
    ratios: Mapping[str, Float[np.ndarray, " K"]],
    marked: int,
) -> Figure:
    """Draw which energies are best for k = 1 ... K, and what they keep.

    Args:
        chosen: which energies belong to the best k.
        energies_keV: candidates [keV].
        retained: share of the information of all energies.
        ratios: by layer, standard deviation relative to that with all energies.
        marked: a number of energies to point out.
    """
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    axes = figure.subplot_mosaic([["dots", "kept"], ["dots", "ratio"]], width_ratios=(3, 2))
    counts = np.arange(1, len(chosen) + 1)
    row, column = np.nonzero(chosen)
    size = float(np.clip(1200 / len(energies_keV), 8, 60))
    axes["dots"].scatter(counts[row], energies_keV[column], size, color=CURVES[0])
    axes["dots"].set(ylabel="beam energy [keV]")
    axes["kept"].plot(counts, 100 * retained, ".-", color="0.25")
    axes["kept"].set(ylabel="information kept [%]", ylim=(0, 104))
    colours = name_colours(list(ratios))
    for layer, ratio in ratios.items():
        axes["ratio"].plot(counts, ratio, ".-", color=colours[layer], label=layer)
    axes["ratio"].set(ylabel="standard deviation /\nthat with all energies")
    _log_axis(axes["ratio"])
    axes["ratio"].legend(frameon=False, fontsize=8)
    for panel in axes.values():
        panel.axvline(marked, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        panel.grid(color="0.9", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_xlim(0, len(chosen) + 1)
    for name in ("dots", "ratio"):
        axes[name].set_xlabel("number of energies")
    return figure


def name_colours(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each layer or set of layers: known materials keep theirs."""
    others = cycle((*CURVES[2:], *CURVES[:2]))  # the first two are close to gold and aluminium
    return {name: MATERIALS.get(name.removeprefix("bare ")) or next(others) for name in names}


def _draw_curves(axes: Axes, curves: Mapping[str, Curve], xlabel: str, marker: str = "") -> None:
    looks = ((colour, style) for style in cycle(STYLES) for colour in CURVES)
    for (case, curve), (colour, style) in zip(curves.items(), looks, strict=False):
        finite = np.where(np.isfinite(curve), curve, np.nan)
        axes.plot(*finite.T, style, color=colour, linewidth=1.3, marker=marker, label=case)
    axes.set_xlabel(xlabel)
    axes.grid(color="0.9", linewidth=0.6)


def _log_axis(axes: Axes) -> None:
    """Number a logarithmic vertical axis in plain digits, the more the fewer decades it spans."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    steps: tuple[float, ...] = (1, 2, 5) if high < 1000 * low else (1,)
    if high < 10 * low:
        steps = (1, 1.5, 2, 3, 4, 5, 6, 8)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _show_plane(
    axes: Axes,
    plane: Float[np.ndarray, "Y X"],
    layers: Sequence[str],
    cmap: Colormap | str,
    norm: LogNorm | BoundaryNorm,
) -> AxesImage:
    """Draw a plane over whole nm; grey where it is not finite."""
    y, x = plane.shape
    shown = np.ma.masked_invalid(plane)
    axes.set_facecolor("0.85")
    without = f", without {', '.join(layers[2:])}" if layers[2:] else ""
    axes.set(xlabel=f"{layers[1]} thickness [nm]{without}", ylabel=f"{layers[0]} thickness [nm]")
    extent = (-0.5, x - 0.5, -0.5, y - 0.5)
    return axes.imshow(
        shown, extent=extent, origin="lower", aspect="auto", cmap=cmap, norm=norm,
        interpolation="none",
    )  # fmt: skip


def _log_scale(plane: Float[np.ndarray, "Y X"]) -> LogNorm:
    finite = plane[np.isfinite(plane)]
    if not len(finite):
        return LogNorm(1, 10)
    low, high = np.percentile(finite, [0, 99.5])
    return LogNorm(low, max(high, 1.01 * low))


def _draw_nearest(
    figure: Figure,
    axes: Axes,
    nearest: Integer[np.ndarray, "Y X"],
    colours: Mapping[str, str],
    layers: Sequence[str],
) -> None:
    """Draw which set is nearest, with a colour bar of those that occur."""
    occurring, index = np.unique(nearest, return_inverse=True)
    names = [list(colours)[code] for code in occurring]
    scale = BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names))
    cmap = ListedColormap([colours[name] for name in names])
    plane = index.reshape(nearest.shape).astype(float)
    image = _show_plane(axes, plane, layers, cmap, scale)
    bar = figure.colorbar(image, ax=axes, ticks=range(len(names)))
    bar.ax.set_yticklabels(names)
    bar.ax.tick_params(length=0, labelsize=8)
    axes.set_title("nearest other set", fontsize=9, loc="left")
