"""The page: the section of every problem and the table of all results, in one file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from sem3d import __version__
from sem3d.report.cells import Table
from sem3d.report.markup import Markup, image, join, table, tag
from sem3d.report.pictures import Picture


@dataclass(frozen=True)
class Section:
    """What the page says about one problem.

    Attributes:
        lead: the problem in a sentence.
        headline: its best results.
        body: sections as HTML with a place ``$stem`` for every table and picture.
        tables: what is also written as csv.
        pictures: what is also written as PNG.
        places: what else goes into the body, by place.
    """

    lead: str
    headline: Markup
    body: str
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    places: dict[str, str]


def page(sections: Sequence[Section], everything: Table) -> str:
    """Return the whole report as one HTML document without outside references."""
    template = files("sem3d.report").joinpath("page.html").read_text(encoding="utf-8")
    body = Markup("".join(_filled(section) for section in sections))
    return Template(template).substitute(
        lead="\n".join(section.lead for section in sections),
        headline=join(*(section.headline for section in sections)),
        links="\n".join(f'<a href="#{place}">{name}</a>' for place, name in _heads(body)),
        body=body,
        all_results=table(everything),
        version=__version__,
    )


def figure(picture: Picture) -> Markup:
    """Return a figure with its caption; without a drawing the caption stands alone."""
    caption = tag("figcaption", tag("strong", f"{picture.title}. "), picture.caption)
    if picture.png is None:
        return tag("figure", caption, class_="missing")
    return tag("figure", image(picture.png, picture.title), caption)


def _filled(section: Section) -> str:
    parts: dict[str, str] = {content.stem: table(content) for content in section.tables}
    parts |= {picture.stem: figure(picture) for picture in section.pictures}
    return Template(section.body).substitute(parts, **section.places)


def _heads(body: str) -> list[tuple[str, str]]:
    """Return place and title of every section."""
    return re.findall(r'<section id="(\w+)">\s*<h2>(.*?)</h2>', body)
