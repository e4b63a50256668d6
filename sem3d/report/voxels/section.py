"""The voxel part of the page."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from sem3d.report.markup import Markup, tag
from sem3d.report.page import Section
from sem3d.report.results import Result
from sem3d.report.training import Runs
from sem3d.report.voxels.case_tables import case_table
from sem3d.report.voxels.curves import depth_figure, figure_4
from sem3d.report.voxels.pictures import case_pictures, sample_picture
from sem3d.report.voxels.printed import CUBES, WIRES, on_test_sets, printed
from sem3d.report.voxels.resolution import resolution_figure, resolution_table
from sem3d.report.voxels.score_tables import ablation_table, score_table, size_table, time_table

_LEAD: Final = "Copper inside a silicon film of 20 nm, recovered voxel by voxel."


def voxel_section(results: Sequence[Result], runs: Runs) -> Section:
    """Return tables, figures and text on voxel results and the runs of their networks.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    return Section(
        _LEAD,
        headline(results),
        files("sem3d.report.voxels").joinpath("section.html").read_text(encoding="utf-8"),
        (
            case_table(CUBES, results),
            case_table(WIRES, results),
            ablation_table(results),
            size_table(results),
            time_table(results),
            resolution_table(results),
            score_table(results),
        ),
        (
            figure_4(runs),
            *case_pictures(CUBES, results),
            *case_pictures(WIRES, results),
            sample_picture(results),
            depth_figure(results),
            resolution_figure(results),
        ),
        {},
    )


def headline(results: Sequence[Result]) -> Markup:
    """Return one sentence: the best IoU on a test set, and the largest that is printed."""
    found = on_test_sets(results)
    if not found:
        return tag("p", "No voxel result on a random test set yet; the tables show the print.")
    best = max(found, key=_iou)
    mious = [float(c.value or 0) for (_, name), c in printed("2").figures.items() if name == "mIoU"]
    return tag("p", *_sentence(best), f"Printed by Zheng et al.: mIoU {max(mious):.3f}.")


def _sentence(best: Result) -> tuple[str, ...]:
    data = best.dataset
    return (
        tag("strong", f"{best.predictor.name}: IoU of {data.classes[-1]} {_iou(best):.3f}"),
        f" per volume on {data.samples} samples of {data.label} ({best.noise.label} per pixel and "
        "energy). ",
    )


def _iou(result: Result) -> float:
    return result.scores[f"iou_present/{result.dataset.classes[-1]}"]
