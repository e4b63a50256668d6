"""The tables beside the code."""

from sem3d.simulate.montecarlo.element_data import rows


def test_lines_come_by_column_without_their_comments() -> None:
    first = next(rows("screening"))
    assert first["element"] == "H"
    assert list(first) == ["element", "A1", "A2", "A3", "alpha1", "alpha2", "alpha3"]
    assert not any(row["element"].startswith("#") for row in rows("shells"))
