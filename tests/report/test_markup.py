"""Whatever comes from a file is escaped."""

from hypothesis import given
from hypothesis import strategies as st

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.markup import Markup, image, join, table, tag


@given(st.text())
def test_text_never_becomes_markup(text):
    made = tag("td", text, title=text)
    assert made.count("<") == 2
    assert made.count('"') == 2


def test_markup_is_not_escaped_twice():
    assert tag("p", tag("b", "a & b"), " < c") == "<p><b>a &amp; b</b> &lt; c</p>"
    assert join(Markup("<i>"), "<i>") == "<i>&lt;i&gt;"


def test_keyword_attributes_lose_their_underscore():
    assert tag("p", "", class_="note", colspan=2) == '<p class="note" colspan="2"></p>'


def test_image_carries_its_picture():
    assert image(b"\x89PNG", 'a "b"') == (
        '<img alt="a &quot;b&quot;" src="data:image/png;base64,iVBORw==">'
    )


def test_table_has_groups_sections_and_footnotes():
    columns = (("", "method"), ("mIOU", "printed"), ("mIOU", "ours"))
    lines = (
        Line("maps", (Cell("a"), Cell(0.5, note="odd"), Cell(0.6))),
        Line("maps", (Cell("b"), Cell(0.7, note="odd"), Cell())),
        Line("volumes", (Cell("c"), Cell(0.8, note="odder"), Cell())),
    )
    made = table(Table("t", "Title", columns, lines))
    assert '<th colspan="2" scope="colgroup">mIOU</th>' in made
    assert made.count('class="section"') == 2
    assert made.count('<td class="printed">') == 3
    assert '<td class="printed">.700<sup>1</sup></td>' in made
    assert "<p><sup>2</sup> odder</p>" in made
    assert made.count("odd</p>") == 1
