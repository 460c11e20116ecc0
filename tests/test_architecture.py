"""What `lint-imports` does not see of the arrows: the standard library, and what `--help` loads."""

import ast
import builtins
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("gate", "office", "enrolment")


def modules() -> list[Path]:
    return sorted([path for room in ROOMS for path in ROOT.glob(f"{room}/**/*.py")])


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


CORE_IMPORTS: dict[str, set[str] | None] = {
    "collections.abc": None,
    "dataclasses": None,
    "datetime": {"UTC", "date", "datetime", "timedelta", "timezone", "tzinfo"},
    "enum": None,
    "hashlib": {"sha256"},
    "json": {"JSONEncoder"},
    "math": {"isfinite"},
    "re": None,
    "typing": None,
    "unicodedata": None,
    "zoneinfo": {"ZoneInfo"},
}
"""Modules that are values and functions of values, and which names of them; None for all."""
CORE_BUILTINS = """
KeyError OverflowError TypeError ValueError abs all any bool bytes chr dict enumerate float
frozenset int isinstance iter len list map max min next object ord property range reversed round
sorted str sum tuple type zip
"""
"""None that reads, writes or asks: `open`, `print`, `input`, `eval`, `__import__`."""
CORE_OF_OURS = ("gate.core", "gate.errors", "enrolment.core", "enrolment.errors")
CORE_OF_TIME = {"fromisoformat", "strptime", "combine", "min", "max"}
"""What may be asked of the classes `date` and `datetime`: nothing that reads a clock."""


def impurities(source: str) -> list[str]:
    """What a module of the core uses beyond values and functions of values."""
    found: list[str] = []
    of_time: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "datetime":
            of_time |= {a.asname or a.name for a in node.names if a.name in ("date", "datetime")}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [a.name for a in names if a.name not in CORE_IMPORTS or a.asname]
            case ast.ImportFrom(module=str(module), names=names):
                if not inside(module, *CORE_OF_OURS):
                    allowed = CORE_IMPORTS.get(module, set())
                    found += [
                        f"{module}.{a.name}"
                        for a in names
                        if allowed is not None and a.name not in allowed
                    ]
            case ast.Name(id=name, ctx=ast.Load()) if hasattr(builtins, name):
                found += [name] if name not in CORE_BUILTINS.split() else []
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                allowed = CORE_OF_TIME if name in of_time else CORE_IMPORTS.get(name)
                if allowed is not None and attr not in allowed:
                    found.append(f"{name}.{attr}")
            case ast.Call(func=ast.Attribute(attr="now" | "today" | "utcnow" as attr)):
                found.append(f"{attr}()")
    return found


CORES = sorted([*ROOT.glob("gate/core/**/*.py"), *ROOT.glob("enrolment/core/**/*.py")])


@pytest.mark.parametrize("path", CORES, ids=name_of)
def test_core_is_pure(path: Path) -> None:
    assert impurities(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess",
        "import datetime as d",
        "from pathlib import Path",
        "from time import monotonic",
        "from gate.platform import durable_files",
        "from gate.corelike import x",
        "import gate.sync",
        "from json import load",
        "import hashlib\nhashlib.file_digest",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\ndatetime.now",
        "from datetime import date as day\nday.today()",
        "from datetime import datetime\nkind = datetime\nkind.utcnow()",
        "open('x')",
        "print(1)",
        "__import__('os')",
    ],
)
def test_what_is_impure_is_found(source: str) -> None:
    assert impurities(source)


def test_errors_import_nothing() -> None:
    assert imports_of(ROOT / "gate/errors.py") == set()


def test_errors_of_enrolment_import_those_of_the_gate() -> None:
    assert imports_of(ROOT / "enrolment/errors.py") == {"gate.errors"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("gate/**/*.py")), ids=name_of)
def test_the_gate_knows_no_core_of_the_portal(path: Path) -> None:
    assert not any(inside(name, "enrolment") for name in imports_of(path))


HEAVY = {
    "numpy",
    "PIL",
    "nacl",
    "sqlalchemy",
    "cryptography",
    "matplotlib",
    "onnx",
    "openpyxl",
    "scipy",
    "serial",
    "paho",
    "aiosqlite",
    "gpiozero",
    "tflite_runtime",
    "ai_edge_litert",
}


@pytest.mark.parametrize("program", ROOMS)
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
