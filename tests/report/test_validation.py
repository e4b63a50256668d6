"""Files and table of a validation, made of few electrons."""

import csv

import pytest
from rich.console import Console

from sem3d.report.validation import write_validation
from sem3d.report.validation_terminal import progress_bar, show_checks
from sem3d.validation.checks import report_only, within
from sem3d.validation.everything import Effort, number_of_runs, validate
from sem3d.validation.runner import Runner

FEW = Effort(bulk=20, thin=100, film=(3000, 3000), pixel=2, column=20)


@pytest.fixture(scope="module")
def found():
    return validate(Runner(1), FEW)


def test_every_run_is_counted(found):
    assert len(found.runs) == number_of_runs()
    labels = [(run.label, run.preset) for run in found.runs]
    assert len(set(labels)) == len(labels)


def test_so_few_electrons_fail(found):
    assert 0 < len(found.failed) < len(found.checks)


def test_files_are_written(found, tmp_path):
    out = tmp_path / "new" / "validation"
    write_validation(found, out)
    stems = {"checks", "bulk", "bulk_points", "film", "contrast", "runs"}
    figures = {"bulk.png", "columns.png", "film.png", "specimens.png"}
    assert {p.name for p in out.iterdir()} == {f"{s}.csv" for s in stems} | figures
    lines = {s: list(csv.DictReader((out / f"{s}.csv").read_text().splitlines())) for s in stems}
    assert len(lines["checks"]) == len(found.checks)
    assert {row["verdict"] for row in lines["checks"]} == {"pass", "FAIL", "reported"}
    assert len(lines["bulk"]) == 4 * 3 * 14
    assert len(lines["film"]) == 20 * 4
    assert len(lines["contrast"]) == 7 * 10 * 4
    assert {"measured", "source", "none", "moller", "dielectric"} <= set(lines["bulk_points"][0])
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in figures)


def test_the_table_tells_the_worst_of_each_kind():
    console = Console(record=True, width=130, file=None, quiet=False, stderr=True)
    good, bad = within("kind", "here", 1.0, 1.0, 0.1), within("kind", "there", 2.0, 1.0, 0.1)
    show_checks([good, bad, report_only("other", "somewhere", 3.0, 2.5)], console)
    told = console.export_text()
    assert "there" in told
    assert "1/2" in told
    assert "here " not in told.replace("there", "").replace("somewhere", "")
    assert "reported" in told


def test_the_bar_counts_runs(capsys):
    console = Console(stderr=True, force_terminal=False, width=120)
    with progress_bar(2, console) as told:
        for label in ("first", "second"):
            for share in (0.0, 0.5, 1.0):
                told(label, share)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "second" in shown
