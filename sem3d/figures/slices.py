"""Vertical cuts through label volumes: which material lies at which depth."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sem3d.figures.colours import class_colours
from sem3d.figures.grids import blank, class_legend, name_axes, name_row, panel_grid

_PANEL_INCH = (3.0, 0.95)


def busiest_row(labels: UInt8[np.ndarray, "Z Y X"]) -> int:
    """Return the y whose z-x cut holds most of the scarcest material present, so all show."""
    present = [k for k in np.unique(labels) if k > 0]
    if not present:
        return labels.shape[1] // 2
    counts = np.stack([(labels == k).sum(axis=(0, 2)) for k in present])
    # Ties (terraces) go to the row with most material in all.
    return int(np.lexsort((counts.sum(axis=0), counts.min(axis=0)))[-1])


def draw_slices(
    rows: Mapping[str, Mapping[str, UInt8[np.ndarray, "Z Y X"]]],
    classes: Sequence[str],
    height_nm: float,
) -> Figure:
    """Draw one z-x cut per predictor and specimen; black lines outline the truth.

    Args:
        rows: labels (Z, Y, X) by row name, then by specimen; the first row is the truth and sets
            the specimens and where each is cut.
        classes: class names by label.
        height_nm: voxel height [nm].
    """
    truths = next(iter(rows.values()))
    figure, axes = panel_grid(len(rows), len(truths), _PANEL_INCH)
    class_legend(figure, classes)
    for row, (name, volumes) in zip(axes, rows.items(), strict=True):
        name_row(row[0], name)
        for panel, (specimen, truth) in zip(row, truths.items(), strict=True):
            y = busiest_row(truth)
            if specimen not in volumes:
                blank(panel, "not run")
                continue
            show_cut(panel, volumes[specimen][:, y], classes, height_nm)
            outline(panel, truth[:, y], height_nm)
    for column, (specimen, truth) in zip(axes.T, truths.items(), strict=True):
        column[0].set_title(f"{specimen}, y = {busiest_row(truth)}", fontsize=8)
    name_axes(figure, axes, "x [pixel]", "depth z [nm]")
    return figure


def show_cut(
    axes: Axes, cut: UInt8[np.ndarray, "Z X"], classes: Sequence[str], height_nm: float
) -> None:
    """Draw a (Z, X) cut in class colours with the surface on top."""
    depth = cut.shape[0] * height_nm
    axes.imshow(
        cut,
        extent=(0, cut.shape[1], depth, 0),
        cmap=class_colours(classes),
        vmin=-0.5,
        vmax=len(classes) - 0.5,
        aspect="auto",
        interpolation="none",
    )
    axes.set_yticks([0, depth / 2, depth])
    axes.autoscale(False)


def outline(axes: Axes, cut: UInt8[np.ndarray, "Z X"], height_nm: float) -> None:
    """Draw the boundaries of every material of a (Z, X) cut as thin black lines."""
    cut = np.pad(cut, 1)  # so that outlines close at the edges of the volume
    x = np.arange(cut.shape[1]) - 0.5
    z = (np.arange(cut.shape[0]) - 0.5) * height_nm
    for k in np.unique(cut[cut > 0]):
        axes.contour(x, z, (cut == k).astype(float), levels=[0.5], colors="black", linewidths=0.7)
