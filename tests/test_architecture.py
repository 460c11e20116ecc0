"""The arrows of docs/architecture.md, walked: who may import whom."""

import ast
import functools
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("gate.drivers", "gate.models", "gate.roster", "gate.store", "gate.sync", "gate.console")
# Both control sockets, the staff's and the simulator's, speak JSON lines.
SHARED = {
    "gate.drivers": ("gate.platform.json_lines",),
    "gate.console": ("gate.platform.json_lines",),
    "gate.models": ("gate.platform.durable_files", "gate.platform.remedies"),
    "gate.roster": (
        "gate.platform.durable_files",
        "gate.platform.regular_file",
        "gate.platform.remedies",
    ),
    "gate.store": ("gate.platform.durable_files", "gate.platform.remedies"),
}
OFFICE_MAY = (
    "gate.core",
    "gate.platform.durable_files",
    "gate.errors",
    "gate.platform.log_lines",
    "gate.ports",
    "gate.platform.program_end",
    "gate.platform.regular_file",
    "gate.platform.remedies",
    "gate.roster",
    "gate.models",
    "gate.sync",
    "office",
)


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
        assert inside(name, "gate.core", "gate.errors") or (
            top in sys.stdlib_module_names and top not in impure
        ), f"core imports {name}"


def test_errors_import_nothing() -> None:
    assert imports_of(ROOT / "gate/errors.py") == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("gate/ports/*.py")), ids=name_of)
def test_ports_import_core_and_errors_only(path: Path) -> None:
    for name in ours(imports_of(path)):
        assert inside(name, "gate.core", "gate.errors", "gate.ports"), name


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_do_not_know_each_other(room: str) -> None:
    for path in modules():
        if not inside(name_of(path), room):
            continue
        for name in ours(imports_of(path)):
            assert name == "gate" or inside(
                name, room, "gate.core", "gate.errors", "gate.ports", *SHARED.get(room, ())
            ), f"{name_of(path)} imports {name}"


def test_jsonlines_imports_errors_and_its_bounds_only() -> None:
    names = ours(imports_of(ROOT / "gate/platform/json_lines.py"))
    assert names == {"gate.errors", "gate.platform.connections"}
    assert ours(imports_of(ROOT / "gate/platform/connections.py")) == set()


def test_durable_imports_nothing_of_ours() -> None:
    assert ours(imports_of(ROOT / "gate/platform/durable_files.py")) == set()


def test_gate_never_imports_office() -> None:
    for path in ROOT.glob("gate/**/*.py"):
        for name in imports_of(path):
            assert not inside(name, "office"), f"{name_of(path)} imports {name}"


def test_office_imports_what_it_may() -> None:
    for path in ROOT.glob("office/**/*.py"):
        for name in ours(imports_of(path)):
            assert name == "gate" or inside(name, *OFFICE_MAY), f"{name_of(path)} imports {name}"


def test_only_wiring_and_commands_name_adapters() -> None:
    for path in ROOT.glob("gate/*.py"):
        if path.stem in ("wiring", "__main__"):
            continue
        for name in ours(imports_of(path)):
            assert not inside(name, *ROOMS, "gate.wiring"), f"{name_of(path)} imports {name}"


def test_the_demo_is_an_outside_client() -> None:
    paths = sorted(ROOT.glob("demo/*.py"))
    assert paths
    for path in paths:
        assert not ours(imports_of(path)), f"{name_of(path)} imports the product"


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


HEART = {
    "service",
    "lane",
    "clock_keeper",
    "front_desk",
    "bulletin",
    "health",
    "recorder",
    "roster_keeper",
    "room_keeper",
    "unit",
}


@pytest.mark.parametrize("name", sorted(HEART))
def test_the_heart_touches_ports_and_core_only(name: str) -> None:
    may = ("gate.core", "gate.errors", "gate.ports", *(f"gate.{part}" for part in HEART))
    for imported in ours(imports_of(ROOT / f"gate/{name}.py")):
        assert inside(imported, *may), imported
