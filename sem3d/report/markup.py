"""HTML by small builders that escape every text they are given."""

import base64
import html
from itertools import groupby

from sem3d.report.cells import Cell, Line, Table


class Markup(str):
    """Text that is HTML already; anything else is escaped before it enters a page."""

    __slots__ = ()


def join(*parts: str) -> Markup:
    """Return the parts one after the other, escaping those that are plain text."""
    return Markup("".join(p if isinstance(p, Markup) else html.escape(p) for p in parts))


def tag(name: str, *content: str, **attributes: str | int) -> Markup:
    """Return ``<name attributes>content</name>``; a trailing underscore in a keyword is cut."""
    inside = "".join(
        f' {key.rstrip("_")}="{html.escape(str(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{inside}>{join(*content)}</{name}>")


def image(png: bytes, alt: str) -> Markup:
    """Return an ``<img>`` that carries its picture within itself."""
    data = base64.b64encode(png).decode("ascii")
    return Markup(f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">')


def table(content: Table) -> Markup:
    """Return a table with grouped column heads, section rows and footnotes below."""
    notes = {note: str(n) for n, note in enumerate(content.notes, 1)}
    body: list[Markup] = []
    section = ""
    for line in content.lines:
        if line.section != section:
            section = line.section
            head = tag("th", section, colspan=len(content.columns), scope="rowgroup")
            body.append(tag("tr", head, class_="section"))
        body.append(_line(line, content.columns, notes))
    footnotes = [tag("p", tag("sup", n), " ", note) for note, n in notes.items()]
    caption = tag("caption", content.title)
    grid = tag("table", caption, tag("thead", *_heads(content)), tag("tbody", *body))
    return tag("div", tag("div", grid, class_="wide"), *footnotes, class_="tablebox")


def _heads(content: Table) -> list[Markup]:
    groups = [(group, len(list(same))) for group, same in groupby(g for g, _ in content.columns)]
    upper = [tag("th", name, colspan=width, scope="colgroup") for name, width in groups]
    lower = [tag("th", name, scope="col", **_style(name)) for _, name in content.columns]
    return [tag("tr", *upper), tag("tr", *lower)]


def _line(line: Line, columns: tuple[tuple[str, str], ...], notes: dict[str, str]) -> Markup:
    first, *rest = line.cells
    cells = [
        tag("td", *_entry(cell, notes), **_style(name))
        for cell, (_, name) in zip(rest, columns[1:], strict=True)
    ]
    return tag("tr", tag("th", first.text, scope="row"), *cells)


def _entry(cell: Cell, notes: dict[str, str]) -> tuple[str, ...]:
    return (cell.text, tag("sup", notes[cell.note])) if cell.note else (cell.text,)


def _style(column: str) -> dict[str, str]:
    return {"class_": "printed"} if column == "printed" else {}
