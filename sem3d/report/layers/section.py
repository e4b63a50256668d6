"""The layered part of the page."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from sem3d.figures.colours import material_colour
from sem3d.report.layers.layouts import LAYOUTS
from sem3d.report.layers.maps import figure_5, overview, table_2_3, table_3_1
from sem3d.report.layers.noise_maps import noise_maps
from sem3d.report.layers.noise_tables import dose_study, noise_study
from sem3d.report.layers.printed import ROWS, printed_figures
from sem3d.report.layers.progress import figure_6, stability
from sem3d.report.layers.specimens import Comparison, compare
from sem3d.report.layers.tables import build_table
from sem3d.report.layers.uncertainty import uncertainty
from sem3d.report.layers.volumes import cuts, table_3_2, table_4
from sem3d.report.markup import Markup, join, tag
from sem3d.report.page import Section
from sem3d.report.pictures import Picture
from sem3d.report.results import LAYERED, Noise, Result
from sem3d.report.training import Runs

_SPECIMENS: Final = {"test": 2, "experimental": 1}
"""Examples shown by kind of structures; the experimental ones are all alike."""
_PRINTED_IN: Final = {
    "test": ("1.1", "test set"),
    "experimental": ("2.1", "experimental structure"),
}
_WORDS: Final = {"none": "empty", "Au": "gold", "Al": "aluminium"}
_LEAD: Final = """Gold and aluminium films on silicon, recovered from scanning electron images taken
at many beam energies."""


def layered_section(results: Sequence[Result], runs: Runs) -> Section:
    """Return tables, figures and text on layered results and the runs of their networks.

    Raises:
        InputError: an example file is missing, truncated or inconsistent.
    """
    found = (compare(results, kind, count) for kind, count in _SPECIMENS.items())
    comparisons = [comparison for comparison in found if comparison]
    as_printed = [build_table(layout, results) for layout in LAYOUTS]
    return Section(
        _LEAD,
        headline(comparisons),
        files("sem3d.report.layers").joinpath("section.html").read_text(encoding="utf-8"),
        (*as_printed, noise_study(results), dose_study(results)),
        _pictures(comparisons, results, runs),
        {"classes": class_key()},
    )


def headline(comparisons: Sequence[Comparison]) -> Markup:
    """Return one sentence per comparison: the best mIoU of ours and the printed benchmark."""
    sentences = [tag("p", *_sentence(comparison)) for comparison in comparisons]
    if not sentences:
        return tag("p", "No result on gold and aluminium layers yet; the tables show the print.")
    return join(*sentences)


def class_key() -> Markup:
    """Return a colour key of the label classes."""
    items = []
    for label, name in enumerate(LAYERED):
        swatch = tag("span", "", class_="swatch", style=f"background:{material_colour(name)}")
        items.append(tag("li", swatch, f" {label} = {name} ({_WORDS[name]})"))
    return tag("ul", *items, class_="key")


def _pictures(
    comparisons: Sequence[Comparison], results: Sequence[Result], runs: Runs
) -> tuple[Picture, ...]:
    return (
        overview(comparisons),
        table_2_3(comparisons, results),
        stability(results),
        noise_maps(results),
        uncertainty(comparisons),
        figure_5(comparisons),
        figure_6(runs),
        table_3_1(comparisons),
        table_3_2(comparisons),
        table_4(comparisons),
        cuts(comparisons),
    )


def _sentence(comparison: Comparison) -> tuple[str, ...]:
    best, data = comparison.best_of(comparison.results), comparison.dataset
    scores = comparison.results[best].scores
    number, where = _PRINTED_IN[comparison.structures or ""]
    benchmark = printed_figures()[number, ROWS[0].name, Noise("gaussian", 0.02)]["mIOU"].value
    return (
        tag("strong", f"{best}: mIoU {_short(scores['miou_report'])}"),
        f" (pooled {_short(scores['miou_pooled'])}) on {data.samples} samples of "
        f"{data.label} (noise {comparison.noise.label}). Printed numerical benchmark on the "
        f"{where} of Artemov et al. (noise 2 %): {_short(benchmark)}.",
    )


def _short(score: float) -> str:
    return f"{score:.3f}".removeprefix("0")
