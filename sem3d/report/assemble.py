"""From result files to the report folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sem3d.files import write_atomic
from sem3d.report.cells import Table, csv_text
from sem3d.report.inventory import all_results
from sem3d.report.layers.section import layered_section
from sem3d.report.page import Section, page
from sem3d.report.reading import load_results
from sem3d.report.results import Result
from sem3d.report.training import Runs, layered_runs, load_runs, voxel_runs
from sem3d.report.voxels.section import voxel_section


def write_report(results: Path, runs: Path, out: Path) -> tuple[Path, list[Table]]:
    """Write ``report.html``, every table as csv and every figure as PNG into `out`.

    Args:
        results: folder of result files, searched to any depth.
        runs: folder of training runs, searched for ``metrics.csv``; it may be missing.
        out: report folder, made if need be.

    Returns:
        The path of ``report.html``, and the tables it shows.

    Raises:
        InputError: there are no result files, or a file is truncated or malformed.
    """
    loaded = load_results(results)
    sections, everything = list(_sections(loaded, load_runs(runs))), all_results(loaded)
    tables = [*(table for section in sections for table in section.tables), everything]
    pictures = [
        (picture.stem, picture.png)
        for section in sections
        for picture in section.pictures
        if picture.png is not None
    ]
    out.mkdir(parents=True, exist_ok=True)
    for table in tables:
        write_atomic(out / f"{table.stem}.csv", csv_text(table))
    for stem, png in pictures:
        write_atomic(out / f"{stem}.png", png)
    html = out / "report.html"
    write_atomic(html, page(sections, everything))
    return html, tables


def _sections(results: Sequence[Result], runs: Runs) -> Iterator[Section]:
    """Yield the section of every problem that has results."""
    layers = [result for result in results if result.dataset.kind == "layers"]
    voxels = [result for result in results if result.dataset.kind == "voxels"]
    if layers:
        yield layered_section(layers, layered_runs(runs))
    if voxels:
        yield voxel_section(voxels, voxel_runs(runs))
