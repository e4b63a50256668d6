"""Small files, small functions, enough tests."""

import ast
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "sem3d").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def length(path: Path) -> int:
    return len(path.read_text().splitlines())


def body_lengths(path: Path) -> dict[str, int]:
    """Lines of code in the body of every function, without docstring, blanks and comments."""
    lines = path.read_text().splitlines()
    functions = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef))
    found = {}
    for function in functions:
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        span = lines[body[0].lineno - 1 : function.end_lineno] if body else []
        code = [line for line in span if line.strip() and not line.strip().startswith("#")]
        found[f"{path.name}:{function.lineno} {function.name}"] = len(code)
    return found


def test_a_typical_file_is_read_on_two_screens() -> None:
    assert median(length(path) for path in SOURCE) <= 110


def test_no_file_is_long() -> None:
    assert {str(p): length(p) for p in SOURCE + TESTS if length(p) > 400} == {}


def test_functions_are_short() -> None:
    lengths = {name: n for path in SOURCE for name, n in body_lengths(path).items()}
    assert len(lengths) > 100
    assert median(lengths.values()) <= 9
    assert {name: n for name, n in lengths.items() if n > 50} == {}


@pytest.mark.parametrize("command", ["generate", "train", "evaluate", "limits", "validate"])
def test_commands_only_put_parts_together(command: str) -> None:
    assert length(ROOT / "sem3d" / f"{command}.py") < 60


def test_there_are_enough_tests() -> None:
    assert sum(map(length, TESTS)) >= 0.6 * sum(map(length, SOURCE))
