import io

from rich.console import Console

from sem3d.report.cells import Cell, Line, Table
from sem3d.report.terminal import show

TABLE = Table(
    "table_1_1",
    "Table 1.1. Scores",
    (("", "method"), ("", "samples"), ("mIOU", "printed"), ("mIOU", "ours"), ("also", "pooled")),
    (
        Line("a", (Cell("Numerical"), Cell(), Cell(0.617), Cell(), Cell())),
        Line("b", (Cell("ResUNet"), Cell(64), Cell(), Cell(0.8649), Cell(0.9))),
    ),
)


def shown() -> str:
    console = Console(file=io.StringIO(), width=80)
    show(TABLE, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_printed_and_ours_stand_in_their_rows() -> None:
    numerical, ours = (line for line in shown().splitlines() if "Numer" in line or "ResU" in line)
    assert ".617" in numerical
    assert ".865" in ours
    assert ".617" not in ours


def test_scores_against_noise_are_kept() -> None:
    columns = (("", "method"), ("mIoU", "0 %"), ("mIoU", "5 %"), ("MAE Au [nm]", "0 %"))
    cells = (Cell("lookup"), Cell(0.975), Cell(0.711), Cell(0.25, 2))
    console = Console(file=io.StringIO(), width=80)
    show(Table("noise_study", "Noise study", columns, (Line("", cells),)), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert ".975" in text
    assert "5 %" in text
    assert "MAE" not in text


def test_only_what_fits_is_shown() -> None:
    assert "pooled" not in shown()
    assert "64" not in shown()


def test_the_mean_of_cases_stands_for_all() -> None:
    groups = [(group, name) for group in ("radius 2 nm", "mean") for name in ("printed", "ours")]
    columns = (("", "method"), ("", "dose"), *groups)
    cells = (Cell("3D U-Net"), Cell("200 electrons"), *(Cell(v) for v in (0.788, 0.7, 0.857, 0.9)))
    console = Console(file=io.StringIO(), width=80)
    show(Table("voxels_table_4", "Table 4", columns, (Line("", cells),)), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert ".857" in text
    assert "200 electrons" in text
    assert ".788" not in text
