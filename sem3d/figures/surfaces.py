"""Layer stacks in three dimensions: flat-topped cells and the walls between them.

Only the outer faces of each layer are drawn, a few thousand quadrilaterals instead of the
hundreds of thousands that `Axes3D.voxels` makes of the same volume.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]
from mpl_toolkits.mplot3d.axes3d import Axes3D  # type: ignore[import-untyped]

from sem3d.figures.colours import MATERIALS, material_colour
from sem3d.figures.grids import wrapped

_CELLS = 64  # finer cells vanish at the printed panel size
_SHADE = {"top": 1.0, "x": 0.82, "y": 0.68}  # light from above and from the right
_PANEL_INCH = (2.5, 2.0)
_LEFT_INCH, _RIGHT_INCH, _TOP_INCH, _BOTTOM_INCH = 1.35, 0.3, 0.3, 0.2
_VISIBLE_NM = 0.5  # thinner layers round to 0 nm and count as absent in the labels too


def draw_surfaces(
    rows: Mapping[str, Mapping[str, Float[np.ndarray, "L Y X"]]],
    layers: Sequence[str],
    top_nm: Mapping[str, float],
) -> Figure:
    """Draw stacked layers, one row per predictor and one column per specimen.

    Args:
        rows: thickness [nm] (L, Y, X) by row name, then by column; the first row (the truth)
            sets the columns, a column missing further down stays blank.
        layers: layer materials, lowest first. A stack may hold the lowest layers only.
        top_nm: upper end of the height axis of each column [nm].
    """
    columns = list(next(iter(rows.values())))
    width, height = _PANEL_INCH
    size = (
        len(columns) * width + _LEFT_INCH + _RIGHT_INCH,
        len(rows) * height + _TOP_INCH + _BOTTOM_INCH,
    )
    figure = Figure(figsize=size)
    figure.subplots_adjust(
        left=_LEFT_INCH / size[0],
        right=1 - _RIGHT_INCH / size[0],
        bottom=_BOTTOM_INCH / size[1],
        top=1 - _TOP_INCH / size[1],
        wspace=0,
        hspace=0,
    )
    for i, (name, stacks) in enumerate(rows.items()):
        for j, column in enumerate(columns):
            place = (len(rows), len(columns), i * len(columns) + j + 1)
            if column not in stacks:
                _blank(figure, place)
                continue
            axes = figure.add_subplot(*place, projection="3d")
            show_stack(axes, stacks[column], layers, top_nm[column])
            if i == 0:
                axes.set_title(column, fontsize=9, pad=0)
        middle = 1 - (_TOP_INCH + (i + 0.5) * height) / size[1]
        figure.text(0.1 / size[0], middle, wrapped(name), va="center", weight="bold", fontsize=7.5)
    return figure


def show_stack(
    axes: Axes3D, thickness_nm: Float[np.ndarray, "L Y X"], layers: Sequence[str], top_nm: float
) -> None:
    """Draw one layer stack (L, Y, X) [nm] on a plate of substrate."""
    size = thickness_nm.shape[1:]
    step = max(1, max(size) // _CELLS)
    heights = np.cumsum(thickness_nm[:, ::step, ::step], axis=0)
    heights = np.concatenate([np.zeros_like(heights[:1]), heights])
    quads, colours = [], []
    for k in range(len(thickness_nm)):
        for side, faces in layer_faces(heights[k], heights[k + 1], float(step)).items():
            quads.append(faces)
            shade = np.array(to_rgb(material_colour(layers[k]))) * _SHADE[side]
            colours.append(np.tile(shade, (len(faces), 1)))
    rgb = np.concatenate(colours)
    # Edges in the face's colour close the hairlines between antialiased neighbours.
    solid = Poly3DCollection(
        np.concatenate(quads),
        facecolors=rgb,
        edgecolors=rgb,
        linewidths=0.3,
        zorder=1,
        clip_on=False,
    )
    axes.computed_zorder = False
    axes.add_collection3d(_plate(size))
    axes.add_collection3d(solid, autolim=False)
    _frame(axes, size, top_nm)


def layer_faces(
    bottom_nm: Float[np.ndarray, "Y X"], top_nm: Float[np.ndarray, "Y X"], step: float
) -> dict[str, Float[np.ndarray, "N 4 3"]]:
    """Return the quadrilaterals (N, 4, 3) = (x, y, z) of one layer that face the viewer.

    Args:
        bottom_nm: lower interface [nm] on cells of `step` pixels.
        top_nm: upper interface [nm]; below 0.5 nm the layer counts as absent.
        step: cell side [pixel].

    Returns:
        The faces on ``"top"``, and those looking along +``"x"`` and +``"y"``.
    """
    present = top_nm - bottom_nm >= _VISIBLE_NM
    right = _beside(top_nm, present, axis=1)
    front = _beside(top_nm, present, axis=0)
    return {
        "top": _tops(top_nm, present, step),
        "x": _walls(bottom_nm, top_nm, right, present, step, [(1, 0), (1, 1)]),
        "y": _walls(bottom_nm, top_nm, front, present, step, [(0, 1), (1, 1)]),
    }


def _beside(top: np.ndarray, present: Bool[np.ndarray, "Y X"], axis: int) -> np.ndarray:
    """Return the next cell's top along `axis`, minus infinity where that cell has no layer."""
    reach = np.where(present, top, -np.inf)
    gone = np.full_like(np.take(reach, [0], axis=axis), -np.inf)
    return np.concatenate([np.delete(reach, 0, axis=axis), gone], axis=axis)


def _tops(top: np.ndarray, present: np.ndarray, step: float) -> np.ndarray:
    y, x = np.nonzero(present)
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    points = [((x + dx) * step, (y + dy) * step, top[y, x]) for dx, dy in corners]
    return np.stack([np.stack(point, axis=-1) for point in points], axis=1)


def _walls(
    bottom: np.ndarray,
    top: np.ndarray,
    beside: np.ndarray,
    present: np.ndarray,
    step: float,
    edge: list[tuple[int, int]],
) -> np.ndarray:
    low = np.maximum(bottom, beside)
    y, x = np.nonzero(present & (top > low))
    (ax, ay), (bx, by) = edge
    corners = [(ax, ay, low), (bx, by, low), (bx, by, top), (ax, ay, top)]
    points = [((x + dx) * step, (y + dy) * step, z[y, x]) for dx, dy, z in corners]
    return np.stack([np.stack(point, axis=-1) for point in points], axis=1)


def _plate(size: tuple[int, ...]) -> Poly3DCollection:
    y, x = size
    corners = [[(0, 0, 0), (x, 0, 0), (x, y, 0), (0, y, 0)]]
    return Poly3DCollection(corners, facecolors=MATERIALS["Si"], alpha=0.5, zorder=0, clip_on=False)


def _frame(axes: Axes3D, size: tuple[int, ...], top_nm: float) -> None:
    y, x = size
    axes.set(xlim=(0, x), ylim=(y, 0), zlim=(0, top_nm))
    axes.set(xticks=[0, x // 2, x], yticks=[0, y // 2], zticks=[0, top_nm])
    axes.set_xlabel("x [pixel]", fontsize=6, labelpad=-9)
    axes.set_ylabel("y [pixel]", fontsize=6, labelpad=-9)
    axes.set_zlabel("height [nm]", fontsize=6, labelpad=-9)
    axes.tick_params(labelsize=6, pad=-4)
    axes.set_box_aspect((1, 1, 0.42), zoom=1.12)
    axes.patch.set_visible(False)  # it would hide the neighbour's axis titles
    axes.view_init(elev=32, azim=-58)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_alpha(0.0)
        axis._axinfo["grid"].update(linewidth=0.3, color="0.85")  # the only handle matplotlib has


def _blank(figure: Figure, place: tuple[int, int, int]) -> None:
    axes = figure.add_subplot(*place)
    axes.set_axis_off()
    axes.text(0.5, 0.5, "not run", ha="center", va="center", color="0.45")
