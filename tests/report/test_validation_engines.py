"""Engines beside each other: the files and the table."""

import csv

import numpy as np
import pytest
from rich.console import Console

from sem3d.report.validation_engines import engines_figure, show_engines, write_engines
from sem3d.validation.engines import Seen, copper_columns
from sem3d.validation.specimens import ENERGIES_KEV


def seen(name, contrast, **more):
    film = np.linspace(0.3, 0.1, len(ENERGIES_KEV))
    images = {
        part: film[:, None, None] * (1 + contrast * copper)
        for part, copper in copper_columns().items()
    }
    return Seen(name, film, images, 0.01 * film, **more)


@pytest.fixture
def found():
    silent = seen("analytic", 2.0)
    silent.film[0] = np.nan
    return [silent, seen("traced", 0.5, electrons=100, rate=12_345.0)]


def test_the_csv_holds_every_number_once(found, tmp_path):
    write_engines(found, tmp_path / "new")
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"engines.csv", "engines.png"}
    rows = list(csv.DictReader((tmp_path / "new" / "engines.csv").read_text().splitlines()))
    places = [(r["engine"], r["quantity"], r["energy [keV]"]) for r in rows]
    assert len({*places}) == len(places) == 2 * (1 + 1 + 6 + 5) * 10 + 1
    by_place = dict(zip(places, rows, strict=True))
    assert by_place["analytic", "film", "0.5"]["value"] == ""
    assert float(by_place["analytic", "contrast", "5.0"]["value"]) == pytest.approx(2)
    assert by_place["analytic", "contrast", "5.0"]["standard error"] == ""
    deep = by_place["traced", "contrast, 15-17 nm deep", "1.0"]
    assert float(deep["value"]) == pytest.approx(0.5)
    assert 0 < float(deep["standard error"]) < 0.1
    assert rows[-1]["value"] == "12345"


def test_the_table_has_a_column_per_engine_and_a_rate_for_what_ran(found):
    console = Console(record=True, width=130, stderr=True)
    show_engines(found, console)
    lines = {
        words[1].strip(): [w.strip() for w in words[2:-1]]
        for words in (line.split("│") for line in console.export_text().splitlines())
        if len(words) > 3
    }
    assert lines["signal of the film, 5 keV"] == ["0.100", "0.100"]
    assert lines["contrast of copper, 3 keV"] == ["+2.00", "+0.50"]
    assert lines["copper 9 to 11 nm deep, 3 keV"] == ["+2.00", "+0.50"]
    assert lines["electrons/s per core"] == ["", "12,345"]


def test_the_figure_shows_what_is_known(found):
    figure = engines_figure(found)
    film, contrast, depth = figure.axes[:3]
    assert contrast.containers[0][0].get_ydata() == pytest.approx([2] * 9)
    assert len(film.containers[0][0].get_xdata()) == 9  # of ten energies
    assert depth.containers[1][0].get_xdata().tolist() == [4, 7, 10, 13, 16]
