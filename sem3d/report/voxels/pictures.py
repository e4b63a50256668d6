"""The pictures of volumes: Figures 5, 7, 8 and 10, and samples of the test set."""

from collections.abc import Iterable
from typing import Final

from sem3d.figures.voxel_cuts import draw_cuts, draw_wrong
from sem3d.metrics.body import THRESHOLDS
from sem3d.report.pictures import Picture
from sem3d.report.results import Result
from sem3d.report.voxels.case_tables import ORACLE, structure
from sem3d.report.voxels.printed import CUBES, GEOMETRIES, WIRES, of_geometry, on_test_sets
from sem3d.report.voxels.rows import Rows, comparable, rows_of

_FIGURES: Final = {
    CUBES: ("5", "7", "Copper cube at four positions", "nanocube"),
    WIRES: ("8", "10", "Copper wires of five radii", "nanowire"),
}
"""Numbers of the printed figures of volumes and of errors, title and data set by table."""
_SAMPLES: Final = 4
"""Samples of the test set that are shown."""
_CUTS: Final = (
    "Of every volume three cuts through the fullest slices of its true copper: from above, and "
    "along x and y with the surface on top. Black lines outline the true copper."
)
_WRONG: Final = "Number of wrong voxels along the line of sight, in the same three views."


def case_pictures(table: str, results: Iterable[Result]) -> tuple[Picture, Picture]:
    """Show the cases of table "3" or "4" as cuts, and where they are wrong.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    *numbers, title, dataset = _FIGURES[table]
    stems = [f"voxels_figure_{number}" for number in numbers]
    titles = [f"Figure {number}. {title}" for number in numbers]
    titles[1] += ", errors"
    shown = comparable(of_geometry(results, GEOMETRIES[table]))
    if not shown:
        missing = f"Not drawn: no predictor was evaluated with dataset={dataset} yet."
        return Picture(stems[0], titles[0], missing), Picture(stems[1], titles[1], missing)
    rows, data = rows_of(shown, len(shown[0].dataset.cases)), shown[0].dataset
    cuts, wrong = draw_cuts(rows, data.classes, data.voxel_nm), draw_wrong(rows, data.voxel_nm)
    about = f"{_rule(rows)} {_described(shown[0])}"
    return (
        Picture(stems[0], titles[0], f"{_CUTS} {about}", cuts),
        Picture(stems[1], titles[1], f"{_WRONG} {about}", wrong),
    )


def sample_picture(results: Iterable[Result]) -> Picture:
    """Show cuts through the first samples of the test set.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    stem, title = "voxels_test", "Samples of the test set"
    shown = comparable(on_test_sets(results))
    if not shown:
        return Picture(stem, title, "Not drawn: no predictor was evaluated on a test set yet.")
    rows, data = rows_of(shown, _SAMPLES), shown[0].dataset
    figure = draw_cuts(rows, data.classes, data.voxel_nm)
    return Picture(stem, title, f"{_CUTS} {_rule(rows)} {_described(shown[0])}", figure)


def _described(result: Result) -> str:
    options = f" ({structure(result)})" if structure(result) else ""
    return (
        f"Data: {result.dataset.label}{options}, {result.noise.label} per pixel and energy, one "
        "draw."
    )


def _rule(rows: Rows) -> str:
    if not any(ORACLE in name for name in rows):
        return "Labels are the predictors' own."
    tried = ", ".join(f"{t:g}" for t in THRESHOLDS)
    return (
        f"Solvers stand with the threshold among {tried} that is best for the sample, chosen by "
        "the truth as in print, and with their own; networks with the likeliest label."
    )
