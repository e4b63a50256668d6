"""How small and how close objects may be: table and figure of the resolution cases."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Final

import numpy as np

from sem3d.figures.voxel_curves import ENOUGH, Sizes, draw_resolution
from sem3d.geometry.resolution import LATERAL, VERTICAL, Cube, Pair, Resolution
from sem3d.report.cells import Cell, Line, Table
from sem3d.report.pictures import Picture
from sem3d.report.results import Result
from sem3d.report.voxels.case_tables import draws
from sem3d.report.voxels.printed import RESOLUTION, of_geometry

_STEM: Final = "voxels_resolution"
_TITLE: Final = "Resolution"
_WHO: Final = ("predictor", "dataset", "dose", "draws")
NONE: Final = "none"

Scores = Mapping[Cube | Pair, float]


def resolution_table(results: Iterable[Result]) -> Table:
    """Return the smallest width by depth and the smallest gaps that every predictor recovers."""
    ours = of_geometry(results, RESOLUTION)
    depths = sorted({s.depth_nm for r in ours for s in _cases(r).shapes if isinstance(s, Cube)})
    groups = [("smallest width [nm]", f"top at {depth} nm") for depth in depths]
    groups += [("smallest gap [nm]", direction) for direction in (LATERAL, VERTICAL)]
    columns = (*(("", name) for name in _WHO), *groups)
    lines = [Line("", (*_who(r), *_smallest(scores_of(r), depths))) for r in ours]
    missing = Line("", (Cell("not run"), *(Cell() for _ in columns[1:])))
    return Table(_STEM, _TITLE, columns, tuple(lines or [missing]))


def resolution_figure(results: Iterable[Result]) -> Picture:
    """Show IoU against width at every depth, and the share of free gap against its width."""
    ours = of_geometry(results, RESOLUTION)
    if not ours:
        missing = "Not drawn: no predictor was evaluated with dataset=resolution yet."
        return Picture(f"{_STEM}_curves", _TITLE, missing)
    scores = {f"{r.predictor.name}, {r.noise.label}": scores_of(r) for r in ours}
    shapes = dict.fromkeys(shape for found in scores.values() for shape in found)
    depths = dict.fromkeys(s.depth_nm for s in shapes if isinstance(s, Cube))
    panels = [_depth_panel(scores, depth) for depth in depths]
    pairs = {s.direction: s.width_nm for s in shapes if isinstance(s, Pair)}
    panels += [_gap_panel(scores, direction, width) for direction, width in pairs.items()]
    caption = (
        "Single cubes: IoU, mean over the draws, by width and depth of the top. Pairs of cubes: "
        "share of the voxels between them that is not labelled copper, 0 where the IoU of the pair "
        f"is at most {ENOUGH:g}. Unlike cubes and wires of Tables 3 and 4, such shapes may occur "
        "in training."
    )
    return Picture(f"{_STEM}_curves", _TITLE, caption, draw_resolution(panels))


def scores_of(result: Result) -> dict[Cube | Pair, float]:
    """Return the score of every case, mean over its draws.

    It is the IoU of a cube. Of a pair it is the free share of the gap if the IoU is above one half,
    which takes both cubes, else 0.
    """
    scores: dict[Cube | Pair, float] = {}
    for name, shape in zip(result.dataset.cases, _cases(result).shapes, strict=True):
        iou = draws(result, "iou", name)
        if not iou:
            continue
        if isinstance(shape, Cube):
            scores[shape] = fmean(iou)
        else:
            free = draws(result, "gap_free", name)
            scores[shape] = fmean(f * (i > ENOUGH) for f, i in zip(free, iou, strict=True))
    return scores


def smallest(scores: Mapping[int, float]) -> int | None:
    """Return the smallest size from which on every one scores at least one half."""
    found = None
    for size in sorted(scores, reverse=True):
        if scores[size] < ENOUGH:
            break
        found = size
    return found


def _cases(result: Result) -> Resolution:
    return Resolution(**result.dataset.settings)


def _smallest(scores: Scores, depths: Sequence[int]) -> list[Cell]:
    widths = [_widths(scores, depth) for depth in depths]
    gaps = [_gaps(scores, direction) for direction in (LATERAL, VERTICAL)]
    return [Cell(smallest(sizes) or NONE) for sizes in (*widths, *gaps)]


def _widths(scores: Scores, depth: int) -> dict[int, float]:
    cubes = {s: v for s, v in scores.items() if isinstance(s, Cube)}
    return {s.width_nm: v for s, v in cubes.items() if s.depth_nm == depth}


def _gaps(scores: Scores, direction: str) -> dict[int, float]:
    pairs = {s: v for s, v in scores.items() if isinstance(s, Pair)}
    return {s.gap_nm: v for s, v in pairs.items() if s.direction == direction}


def _depth_panel(scores: Mapping[str, Scores], depth: int) -> Sizes:
    curves = {name: _points(_widths(found, depth)) for name, found in scores.items()}
    return Sizes(f"cubes, top at {depth} nm", "width [nm]", "IoU", curves)


def _gap_panel(scores: Mapping[str, Scores], direction: str, width: int) -> Sizes:
    curves = {name: _points(_gaps(found, direction)) for name, found in scores.items()}
    return Sizes(f"pairs of {width} nm, {direction} gap", "gap [nm]", "free share", curves)


def _points(sizes: Mapping[int, float]) -> np.ndarray:
    return np.array(sorted(sizes.items()), float).reshape(-1, 2)


def _who(result: Result) -> tuple[Cell, ...]:
    data = result.dataset
    count = -(-data.samples // max(1, len(data.cases)))
    words = (result.predictor.name, data.label, result.noise.label, count)
    return tuple(Cell(word) for word in words)
