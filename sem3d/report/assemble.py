"""From result files to the report folder."""

from collections.abc import Sequence
from pathlib import Path

from sem3d.report.cells import Table, csv_text
from sem3d.report.inventory import all_results
from sem3d.report.layouts import LAYOUTS
from sem3d.report.maps import figure_5, overview, table_2_3, table_3_1
from sem3d.report.noise_maps import noise_maps
from sem3d.report.noise_tables import dose_study, noise_study
from sem3d.report.page import page
from sem3d.report.pictures import Picture
from sem3d.report.progress import figure_6, stability
from sem3d.report.reading import load_results
from sem3d.report.results import Result
from sem3d.report.specimens import Comparison, compare
from sem3d.report.tables import build_table
from sem3d.report.training import load_runs
from sem3d.report.uncertainty import uncertainty
from sem3d.report.volumes import cuts, table_3_2, table_4
from sem3d.store.records import write_atomic

_SPECIMENS = {"test": 2, "experimental": 1}
"""Examples shown by kind of structures; the experimental ones are all alike."""


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
    found = (compare(loaded, kind, count) for kind, count in _SPECIMENS.items())
    comparisons = [comparison for comparison in found if comparison]
    as_printed = [build_table(layout, loaded) for layout in LAYOUTS]
    tables = [*as_printed, noise_study(loaded), dose_study(loaded), all_results(loaded)]
    pictures = _pictures(comparisons, loaded, runs)
    out.mkdir(parents=True, exist_ok=True)
    for table in tables:
        write_atomic(out / f"{table.stem}.csv", csv_text(table))
    for picture in pictures:
        if picture.png is not None:
            write_atomic(out / f"{picture.stem}.png", picture.png)
    html = out / "report.html"
    write_atomic(html, page(comparisons, tables, pictures))
    return html, tables


def _pictures(
    comparisons: Sequence[Comparison], results: Sequence[Result], runs: Path
) -> list[Picture]:
    return [
        overview(comparisons),
        table_2_3(comparisons, results),
        stability(results),
        noise_maps(results),
        uncertainty(comparisons),
        figure_5(comparisons),
        figure_6(load_runs(runs)),
        table_3_1(comparisons),
        table_3_2(comparisons),
        table_4(comparisons),
        cuts(comparisons),
    ]
