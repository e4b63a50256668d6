"""Small volumes as three views each: cuts through the labels, and maps of the wrong voxels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, UInt8
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from sem3d.figures.colours import class_colours
from sem3d.figures.grids import blank, class_legend, name_row

WRONG: Final = LinearSegmentedColormap.from_list(
    "wrong voxels", ["#ffffff", "#f2a65e", "#c2261d", "#470a0a"]
)
"""Colours of the number of wrong voxels, white for none."""
VIEWS: Final = (("x", "y"), ("x", "z"), ("y", "z"))
"""Horizontal and vertical axis of each view: from above, then two vertical ones."""
_ACROSS: Final = (0, 1, 2)
"""Array axis (z, y, x) that each view looks along."""
_PANEL_INCH: Final = 0.8

Labels = UInt8[np.ndarray, "Z Y X"]


@dataclass(frozen=True)
class Volume:
    """Labels of one specimen as somebody found it, and a few words on them."""

    labels: Labels
    words: str = ""


Rows = Mapping[str, Mapping[str, Volume]]
"""Volumes by row name, then by specimen; the first row is the truth and sets the specimens."""


def draw_cuts(rows: Rows, classes: Sequence[str], voxel_nm: Sequence[float]) -> Figure:
    """Draw three cuts per volume through the middle of the true body; black lines outline it.

    Args:
        rows: labels (Z, Y, X), see `Rows`.
        classes: class names by label; the last is the body.
        voxel_nm: voxel size (dz, dy, dx) [nm].
    """
    truths = next(iter(rows.values()))
    figure, axes = _grid(rows)
    body = len(classes) - 1
    class_legend(figure, [c for k, c in enumerate(classes) if _occurs(k, rows)])
    for panels, specimen, volume in _places(axes, rows):
        truth = truths[specimen].labels
        for panel, across, place in zip(panels, _ACROSS, middle(truth == body), strict=True):
            cut, true = (v.take(place, across) for v in (volume.labels, truth))
            colours = class_colours(classes)
            _show(panel, cut, across, voxel_nm, cmap=colours, vmin=-0.5, vmax=len(classes) - 0.5)
            _outline(panel, true == body, across, voxel_nm)
    return figure


def draw_wrong(rows: Rows, voxel_nm: Sequence[float]) -> Figure:
    """Draw how many voxels are wrong behind every pixel of three views of each volume.

    Args:
        rows: labels (Z, Y, X), see `Rows`; the truth itself is not drawn.
        voxel_nm: voxel size (dz, dy, dx) [nm].
    """
    (_, truths), *others = rows.items()
    figure, axes = _grid(dict(others), titles=truths)
    shown = [
        (panel, across, (volume.labels != truths[specimen].labels).sum(across))
        for panels, specimen, volume in _places(axes, dict(others), truths)
        for panel, across in zip(panels, _ACROSS, strict=True)
    ]
    most = max(1, *(int(counts.max()) for *_, counts in shown))
    images = [
        _show(panel, counts, across, voxel_nm, cmap=WRONG, vmin=0, vmax=most)
        for panel, across, counts in shown
    ]
    bar = figure.colorbar(
        images[0],
        ax=axes.ravel().tolist(),
        location="bottom",
        shrink=0.5,
        aspect=50,
        pad=0.03,
        ticks=MaxNLocator(5, integer=True),
    )
    bar.set_label("wrong voxels along the line of sight", fontsize=7.5)
    bar.ax.tick_params(labelsize=7)
    return figure


def middle(body: Bool[np.ndarray, "Z Y X"]) -> tuple[int, int, int]:
    """Return for each axis the slice with most of the body, the middle one of equals."""
    places = []
    for axis in range(3):
        counts = body.sum(tuple(n for n in range(3) if n != axis))
        fullest = np.flatnonzero(counts == counts.max())
        places.append(int(fullest[(len(fullest) - 1) // 2]))
    return places[0], places[1], places[2]


def _grid(rows: Rows, titles: Mapping[str, Volume] | None = None) -> tuple[Figure, np.ndarray]:
    """Return a figure and its axes (rows, specimens, views), named and titled."""
    specimens = list(titles or next(iter(rows.values())))
    size = (3.2 * _PANEL_INCH * len(specimens) + 1.6, _PANEL_INCH * len(rows) * 1.25 + 1.1)
    layout = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.02, wspace=0.0, hspace=0.02)
    figure = Figure(figsize=size, layout=layout)
    widths = [*[1.0] * 3, 0.2] * len(specimens)
    panels = figure.subplots(len(rows), len(widths), squeeze=False, width_ratios=widths)
    for gap in panels[:, 3::4].flat:
        gap.set_axis_off()
    axes = panels.reshape(len(rows), len(specimens), 4)[:, :, :3]
    for row, name in zip(axes, rows, strict=True):
        name_row(row[0, 0], name)
    for column in axes[-1]:
        for panel, (across, down) in zip(column, VIEWS, strict=True):
            panel.set_xlabel(f"{across} right, {down} down", fontsize=6)
    return figure, axes


def _places(
    axes: np.ndarray, rows: Rows, specimens: Mapping[str, Volume] | None = None
) -> Iterator[tuple[np.ndarray, str, Volume]]:
    """Yield panels, specimen and volume; panels without a volume are blank."""
    titles: Mapping[str, object] = specimens or next(iter(rows.values()))
    for n, (row, volumes) in enumerate(zip(axes, rows.values(), strict=True)):
        for panels, specimen in zip(row, titles, strict=True):
            if specimen not in volumes:
                for panel in panels:
                    blank(panel, "")
                continue
            words = volumes[specimen].words
            panels[1].set_title(words if n else f"{specimen}\n{words}", fontsize=6.5, pad=2)
            yield panels, specimen, volumes[specimen]


def _show(
    panel: Axes,
    cut: np.ndarray,
    across: int,
    voxel_nm: Sequence[float],
    **colours: Any,
) -> AxesImage:
    down, right = (size for axis, size in enumerate(voxel_nm) if axis != across)
    extent = (0, cut.shape[1] * right, cut.shape[0] * down, 0)
    image = panel.imshow(cut, extent=extent, interpolation="none", **colours)
    panel.set(xticks=[], yticks=[])
    panel.autoscale(False)
    return image


def _outline(panel: Axes, cut: np.ndarray, across: int, voxel_nm: Sequence[float]) -> None:
    """Draw the faces between voxels inside and outside of a cut."""
    down, right = (size for axis, size in enumerate(voxel_nm) if axis != across)
    wide = np.pad(cut, 1)
    y, x = np.nonzero(wide[1:, 1:-1] != wide[:-1, 1:-1])
    panel.hlines(y * down, x * right, (x + 1) * right, colors="black", linewidths=0.8)
    y, x = np.nonzero(wide[1:-1, 1:] != wide[1:-1, :-1])
    panel.vlines(x * right, y * down, (y + 1) * down, colors="black", linewidths=0.8)


def _occurs(label: int, rows: Rows) -> bool:
    return any((v.labels == label).any() for volumes in rows.values() for v in volumes.values())
