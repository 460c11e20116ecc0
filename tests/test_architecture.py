"""What `lint-imports` does not see of the arrows: the standard library, and what `--help` loads."""

import ast
import functools
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def modules() -> list[Path]:
    return sorted([*ROOT.glob("gate/**/*.py"), *ROOT.glob("office/**/*.py")])


def name_of(path: Path) -> str:
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


@functools.cache
def imports_of(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it; `from a import b` counts as a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if is_module(inner) else str(node.module))
    return found


def is_module(dotted: str) -> bool:
    path = ROOT.joinpath(*dotted.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def ours(names: set[str]) -> set[str]:
    return {n for n in names if n.split(".")[0] in ("gate", "office")}


def inside(name: str, *roots: str) -> bool:
    return any(name == r or name.startswith(f"{r}.") for r in roots)


def eagerly(path: Path) -> set[str]:
    """What importing the file imports at once: nothing inside a function or for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {n for n in inner if is_module(n)} | {str(node.module)}
    return found


@pytest.mark.parametrize("path", sorted(ROOT.glob("gate/core/*.py")), ids=name_of)
def test_core_is_pure(path: Path) -> None:
    impure = {"asyncio", "sqlite3", "logging", "os", "random", "time", "threading", "socket", "io"}
    for name in imports_of(path):
        top = name.split(".")[0]
        assert inside(name, "gate.core", "gate.errors", "gate.core.json_types") or (
            top in sys.stdlib_module_names and top not in impure
        ), f"core imports {name}"


def test_errors_import_nothing() -> None:
    assert imports_of(ROOT / "gate/errors.py") == set()


HEAVY = {
    "numpy",
    "PIL",
    "nacl",
    "sqlalchemy",
    "cryptography",
    "onnx",
    "openpyxl",
    "serial",
    "paho",
    "aiosqlite",
    "gpiozero",
    "tflite_runtime",
    "ai_edge_litert",
}


@pytest.mark.parametrize("program", ["gate", "office"])
def test_help_loads_nothing_heavy(program: str) -> None:
    """A command imports what it needs when it is run: `--help` answers at once on a Pi."""
    waiting, seen = [f"{program}.__main__"], set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        path = ROOT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for imported in eagerly(path):
            assert imported.split(".")[0] not in HEAVY, f"{name} imports {imported}"
            if imported not in seen and is_module(imported):
                waiting.append(imported)
    assert len(seen) > 10
