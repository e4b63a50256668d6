"""The page: headline, tables and figures in one self-contained file."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from string import Template
from typing import Final

from sem3d import __version__
from sem3d.figures.colours import material_colour
from sem3d.report.cells import Table
from sem3d.report.markup import Markup, image, join, table, tag
from sem3d.report.pictures import Picture
from sem3d.report.printed import ROWS, printed_figures
from sem3d.report.results import LAYERED, Noise
from sem3d.report.specimens import Comparison

_PRINTED_IN: Final = {
    "test": ("1.1", "test set"),
    "experimental": ("2.1", "experimental structure"),
}
_WORDS: Final = {"none": "empty", "Au": "gold", "Al": "aluminium"}


def page(
    comparisons: Sequence[Comparison], tables: Iterable[Table], pictures: Iterable[Picture]
) -> str:
    """Return the whole report as one HTML document without outside references."""
    template = files("sem3d.report").joinpath("page.html").read_text(encoding="utf-8")
    parts = {content.stem: table(content) for content in tables}
    parts |= {picture.stem: figure(picture) for picture in pictures}
    return Template(template).substitute(
        parts, headline=headline(comparisons), classes=class_key(), version=__version__
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


def figure(picture: Picture) -> Markup:
    """Return a figure with its caption; without a drawing the caption stands alone."""
    caption = tag("figcaption", tag("strong", f"{picture.title}. "), picture.caption)
    if picture.png is None:
        return tag("figure", caption, class_="missing")
    return tag("figure", image(picture.png, picture.title), caption)


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
