"""Everything public is documented and annotated."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "sem3d"
TREES = {str(p): ast.parse(p.read_text()) for p in sorted(PACKAGE.rglob("*.py"))}

Definition = ast.FunctionDef | ast.ClassDef


def definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Public functions and classes, and the public methods of public classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from definitions(node.body)


def unannotated(function: ast.FunctionDef) -> list[str]:
    """Names of the arguments, and "return", that carry no annotation."""
    a = function.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    bare = [n.arg for n in named if n.annotation is None and n.arg not in ("self", "cls")]
    return bare + ([] if function.returns else ["return"])


def documented() -> Iterator[tuple[str, ast.Module | Definition]]:
    """Everything that owes a docstring, by where it stands."""
    for path, tree in TREES.items():
        yield path, tree
        for node in definitions(tree.body):
            yield f"{path}:{node.lineno} {node.name}", node


def test_everything_public_has_a_docstring() -> None:
    nodes = dict(documented())
    assert len(nodes) > 300
    assert [where for where, node in nodes.items() if not ast.get_docstring(node)] == []


def test_docstrings_begin_with_a_sentence() -> None:
    first = {w: (ast.get_docstring(node) or ".").split("\n\n")[0] for w, node in documented()}
    assert {w: text for w, text in first.items() if not text.endswith((".", ":"))} == {}


def test_every_function_is_fully_annotated() -> None:
    nodes = [(path, node) for path, tree in TREES.items() for node in ast.walk(tree)]
    functions = [(path, node) for path, node in nodes if isinstance(node, ast.FunctionDef)]
    bare = {f"{path}:{f.lineno} {f.name}": unannotated(f) for path, f in functions}
    assert len(bare) > 300
    assert {where: names for where, names in bare.items() if names} == {}


def test_rooms_re_export_nothing() -> None:
    inits = {path: tree for path, tree in TREES.items() if path.endswith("__init__.py")}
    rooms = {path: len(tree.body) for path, tree in inits.items() if Path(path).parent != PACKAGE}
    assert set(rooms.values()) == {1}, rooms
