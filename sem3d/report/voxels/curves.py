"""The pictures of curves: validation score by epoch (Figure 4), and IoU by depth."""

from collections.abc import Iterable
from typing import Final

from sem3d.figures.voxel_curves import draw_depths, draw_scores
from sem3d.report.pictures import Picture
from sem3d.report.results import Numbers, Result
from sem3d.report.training import Runs
from sem3d.report.voxels.printed import printed, reading_order
from sem3d.report.voxels.rows import comparable

_MOST: Final = 4
"""Data sets that are shown."""


def figure_4(runs: Runs) -> Picture:
    """Show the validation score of the voxel networks by epoch."""
    stem, title = "voxels_figure_4", "Figure 4. Validation score by epoch"
    if not runs:
        missing = "Not drawn: no metrics.csv of a voxel network; train one with dataset=voxels."
        return Picture(stem, title, missing)
    curves = {name: run["val/score"] for name, run in runs.items()}
    table = printed("2")
    final = {row.name: float(table.figures[row, "mIoU"].value or 0) for row in table.rows}
    caption = (
        "Headline score on validation data: IoU of the last material, mean over the volumes that "
        "hold it. Dotted: final mIoU of the printed sizes, there on the test set, which also chose "
        "epoch and settings; ours choose by validation."
    )
    return Picture(stem, title, caption, draw_scores(curves, final, "validation IoU"))


def depth_figure(results: Iterable[Result]) -> Picture:
    """Show the IoU of every slice against depth, one panel per data set."""
    stem, title = "voxels_depth", "IoU by depth"
    groups: dict[str, list[Result]] = {}
    for result in sorted(results, key=reading_order):
        groups.setdefault(result.dataset.name, []).append(result)
    shown = [comparable(group) for group in groups.values()]
    shown = sorted(shown, key=lambda group: -len(group))[:_MOST]
    if not shown:
        return Picture(stem, title, "Not drawn: no voxel result yet.")
    panels = {_panel(group[0]): _curves(group) for group in shown}
    data = shown[0][0].dataset
    figure = draw_depths(panels, float(data.height_nm), data.classes[-1])
    caption = (
        "Voxels of one depth counted together over all samples. Depth 0 is the surface; a slice "
        "that neither holds the material nor is found to has no point."
    )
    return Picture(stem, title, caption, figure)


def _panel(result: Result) -> str:
    return f"{result.dataset.name}/{result.dataset.split}\n{result.noise.label}"


def _curves(group: Iterable[Result]) -> dict[str, Numbers]:
    return {result.predictor.name: result.depth_iou for result in group}
