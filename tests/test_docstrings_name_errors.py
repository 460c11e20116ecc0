"""The docstring of a public function names the errors that the function itself raises.

Commands are left out: their docstrings are the text of `--help`. So are errors of the program
itself, and errors that the function catches. `python -m tests.test_docstrings_name_errors` lists
what is missing.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from tests.checkout import ROOT

ROOMS = ("gate", "office", "enrolment")
PROGRAM_FAULTS = {"AssertionError", "GateBug", "NotImplementedError", "StopIteration"}
"""Nobody outside can do anything about these."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def raised(body: list[ast.stmt], caught: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of the errors that these statements raise and do not catch themselves."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Raise(exc=ast.expr() as error):
                name = _name(error.func if isinstance(error, ast.Call) else error)
                if name[:1].isupper() and name not in caught | PROGRAM_FAULTS:
                    yield name
            case ast.Try():
                here = {_name(kind) for handler in statement.handlers for kind in _kinds(handler)}
                yield from raised(statement.body, caught | here)
                rest = [*(handler.body for handler in statement.handlers), statement.orelse]
                for part in [*rest, statement.finalbody]:
                    yield from raised(part, caught)
            case _:
                for part in _parts(statement):
                    yield from raised(part, caught)


def _parts(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
        return
    yield getattr(statement, "body", [])
    yield getattr(statement, "orelse", [])


def _kinds(handler: ast.ExceptHandler) -> list[ast.expr]:
    if handler.type is None:
        return []
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def missing(source: str) -> Iterator[str]:
    """`function: Error` for each error that a public function's docstring does not name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function) and not node.name.startswith("_"):
            said = inspect.cleandoc(ast.get_docstring(node) or "")
            for name in sorted(set(raised(node.body))):
                if said and name not in said:
                    yield f"{node.name}: {name}"


def faults() -> list[str]:
    found = []
    for path in _files():
        found += [f"{path.relative_to(ROOT)}: {one}" for one in missing(path.read_text("utf-8"))]
    return found


def _files() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.parent.name != "commands":
                yield path


def test_public_functions_name_what_they_raise() -> None:
    found = faults()
    assert not found, "\n".join(found)


def test_a_missing_name_is_seen_and_a_caught_error_is_none() -> None:
    source = '''
def read(path):
    """What stands in the file. StorageDamaged."""
    try:
        if not path:
            raise ValueError("no path")
    except ValueError as e:
        raise StorageDamaged() from e
    for line in path:
        match line:
            case 1:
                raise InputDamaged()
'''
    assert list(missing(source)) == ["read: InputDamaged"]


if __name__ == "__main__":
    print("\n".join(faults()))
