"""What mypy does not ask: where `Any` may stand, and that the shape of each array is said."""

import ast
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ANY_AT_MOST = 30
"""Signatures of gate, office, enrolment and demo that may name Any."""

ANY_BORDERS = {
    "gate.drivers.camera": "picamera2 has no types",
    "gate.drivers.serial_port": "pyserial's settings, passed on by name",
    "gate.drivers.signals.gpio": "gpiozero has no types",
    "gate.drivers.simulated.signals": "gpiozero's settings, passed on by name",
    "gate.models.building.convert": "constants of an ONNX file, of any number type",
    "gate.models.building.onnx_reader": "protobuf's generated classes have no types",
    "gate.models.interpreter": "LiteRT has no types",
    "gate.platform.program_end": "typer's errors, told apart by name so that --help stays quick",
    "gate.roster.open_roster": "rows of SQLite",
    "gate.store.journal": "rows and values of SQLite; coroutines that are only awaited",
    "gate.sync.link": "paho's callbacks",
    "office.commands.database_option": "click's context, of typer's own click or the other",
}
"""Modules whose signatures may name Any, and why."""

JSON_NAMES = frozenset({"JsonObject", "JsonFields", "JsonValue"})
"""`gate.core.json_types`: Any by another name, so it needs a reason too. `Message` of the sockets
is one of them."""

JSON_BORDERS = {
    "demo": "answers of the gate's sockets and of exam-office --json; cast.toml",
    "enrolment.core.event_json": "the text of an event before it is checked",
    "enrolment.rounds": "ROUND.toml before it is checked",
    "enrolment.store": "the same texts, and what is hashed of them",
    "gate.bench": "results as JSON, which the command's tables read",
    "gate.calibration": "report.json, which the report's pages read",
    "gate.commands": "the same results and reports, shown; answers of the staff socket",
    "gate.console": "requests and answers of the staff socket",
    "gate.drivers.simulated.control": "requests on the simulator's socket",
    "gate.config": "gate.toml before it is checked",
    "gate.core.command_args": "arguments of a command, before they are checked",
    "gate.core.configuration": "a desired configuration, before it is checked",
    "gate.core.journal_entries": "any JSON object may claim to be an event of a chain",
    "gate.models.calibration_table": "calibration.toml",
    "gate.models.liveness.camera_pair_file": "the site's file of a pair of cameras",
    "gate.models.matching": "the same table",
    "gate.platform.json_values": "what decode_json gives",
    "gate.platform.json_lines": "requests on the sockets, and answers as clients have them",
    "gate.platform.lasting_connection": "the same, over many requests",
    "gate.platform.toml_values": "what decode_toml gives",
    "gate.ports.records": "notes of the installations' history, as their file has them",
    "gate.provisioning": "site.toml before it is checked",
    "gate.roster": "exam data, manifests and notes before they are checked",
    "gate.service.roster_supervisor": "the same notes",
    "gate.store": "the mark beside the journal, and damage.json",
    "office.distribution": "vitals of a heartbeat, as their gate has them",
    "gate.web.changes": "what pages are told, as JSON",
    "gate.sync": "messages and exports before they are checked",
    "office.audit.exam_checkpoint": "signed heads and words that are kept, not checked yet",
    "office.board": "rows of the views, as JSON",
    "office.commands.status": "the overview, shown",
    "office.commands.verify": "facts of exports, passed on to --json",
    "office.receiving.quick_json": "a gate's message before it is checked",
    "office.receiving.command_words": "arguments of a command, as a person types them",
    "office.rosters.staff_file": "STAFF.toml before it is checked",
    "office.store": "the text of an event, a proof or a receipt before it is checked",
}
"""Rooms and modules whose signatures may name what was read from JSON, and why."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ("gate", "office", "enrolment", "demo"):
        for path in sorted(ROOT.glob(f"{room}/**/*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield dotted.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def signatures(tree: ast.Module) -> Iterator[tuple[Function, list[ast.expr]]]:
    """Every function at any depth, and its annotations; what stands in quotes is read too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            asked = node.args
            every = [*asked.posonlyargs, *asked.args, *asked.kwonlyargs, asked.vararg, asked.kwarg]
            said = [a.annotation for a in every if a is not None] + [node.returns]
            yield node, [unquoted(a) for a in said if a is not None]


def unquoted(annotation: ast.expr) -> ast.expr:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def names_in(annotation: ast.expr) -> set[str]:
    """`Any` of `typing.Any` as well as of a bare name."""
    found = {n.id for n in ast.walk(annotation) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(annotation) if isinstance(n, ast.Attribute)}


SOCKETS = ("gate.platform.json_lines", "demo.sockets")


def has_messages(tree: ast.Module) -> bool:
    """Whether `Message` is the sockets' here; the link to the broker has a class of that name."""
    return any(isinstance(n, ast.ImportFrom) and n.module in SOCKETS for n in ast.walk(tree))


def naming(names: frozenset[str]) -> dict[str, list[str]]:
    """Functions whose signature names one of `names`, by module."""
    found: dict[str, list[str]] = {}
    for module, tree in modules():
        sockets = names is JSON_NAMES and (has_messages(tree) or module in SOCKETS)
        wanted = names | {"Message"} if sockets else names
        for function, annotations in signatures(tree):
            if any(wanted & names_in(a) for a in annotations):
                found.setdefault(module, []).append(function.name)
    return found


def is_listed(module: str, borders: dict[str, str]) -> bool:
    return any(module == b or module.startswith(f"{b}.") for b in borders)


def test_any_stands_at_the_borders_only() -> None:
    found = naming(frozenset({"Any"}))
    assert {m: f for m, f in found.items() if m not in ANY_BORDERS} == {}
    assert sum(map(len, found.values())) <= ANY_AT_MOST, found
    assert set(ANY_BORDERS) - set(found) == set(), "no longer needed: take it off the list"


def test_what_was_read_from_json_stays_at_its_borders() -> None:
    found = naming(JSON_NAMES)
    assert {m: f for m, f in found.items() if not is_listed(m, JSON_BORDERS)} == {}
    unused = {b for b in JSON_BORDERS if not any(is_listed(m, {b: ""}) for m in found)}
    assert unused == set(), "no longer needed: take it off the list"


def test_no_other_alias_stands_for_any() -> None:
    """`Line = dict[str, Any]` would take Any past the count above."""
    hiding = {
        f"{module}.{ast.unparse(node.targets[0])}"
        for module, tree in modules()
        for node in tree.body
        if isinstance(node, ast.Assign) and "Any" in names_in(node.value)
    }
    assert hiding == {
        "demo.sockets.JsonObject",  # the demo sees the gate from outside
        "enrolment.core.transitions.Handler",  # as that of admission
        "gate.core.admission.Handler",  # each takes its own kind of event: the table's keys
        "gate.core.json_types.JsonValue",
        "gate.models.building.source_network.Constant",  # of any number type
    }


@pytest.mark.parametrize(
    "line",
    [
        "def f(a: Any): ...",
        "def f(*a: dict[str, Any]): ...",
        "async def f() -> 'list[Any]': ...",
        "class C:\n    def f(self, *, a: typing.Any): ...",
    ],
)
def test_the_count_sees_any_wherever_it_stands(line: str) -> None:
    ((_, annotations),) = signatures(ast.parse(line))
    assert any("Any" in names_in(a) for a in annotations)


# -- arrays ------------------------------------------------------------------------------------

ARRAY_ROOMS = ("gate.bench", "gate.calibration", "gate.models", "gate.ports", "gate.roster")
SHAPE = re.compile(r"\((\.\.\.|\w+,|\w+(, \w+)+)\)")
"""(n, 128), (n,), or (...) where any shape is taken."""


def array_modules() -> Iterator[tuple[str, ast.Module]]:
    rooms = dict.fromkeys(ARRAY_ROOMS, "")
    return ((module, tree) for module, tree in modules() if is_listed(module, rooms))


def is_bare_array(annotation: ast.expr) -> bool:
    return bool({"NDArray", "ndarray"} & names_in(annotation))


def shapeless_aliases(tree: ast.Module) -> list[str]:
    """Names for arrays with no docstring behind them that says their shape."""
    return [
        ast.unparse(node.targets[0])
        for node, behind in zip_longest(tree.body, tree.body[1:])
        if isinstance(node, ast.Assign)
        and is_bare_array(node.value)
        and isinstance(node.value, ast.Subscript)
        and not (isinstance(behind, ast.Expr) and SHAPE.search(ast.unparse(behind)))
    ]


def shapeless(tree: ast.Module) -> list[str]:
    """Functions and classes that name a bare array, and no shape in their docstring."""
    bare: list[Function | ast.ClassDef] = [
        function
        for function, annotations in signatures(tree)
        if any(map(is_bare_array, annotations))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = (n.annotation for n in node.body if isinstance(n, ast.AnnAssign))
            bare += [node] if any(is_bare_array(unquoted(f)) for f in fields) else []
    return [node.name for node in bare if not SHAPE.search(ast.get_docstring(node) or "")]


def test_each_name_for_an_array_says_its_shape() -> None:
    found = {
        module: names for module, tree in array_modules() if (names := shapeless_aliases(tree))
    }
    assert found == {}


def test_each_signature_with_an_array_says_its_shape() -> None:
    """By an alias that has one, such as `Landmarks`, or in the docstring."""
    found = {module: names for module, tree in array_modules() if (names := shapeless(tree))}
    assert found == {}


def test_a_shape_is_asked_for() -> None:
    array = "npt.NDArray[np.float32]"
    assert shapeless_aliases(ast.parse(f"A = {array}\nB = {array}\n'(n,) float32'")) == ["A"]
    assert shapeless(ast.parse(f"def f(a: {array}):\n    'Of a face (all of it).'")) == ["f"]
    assert shapeless(ast.parse(f"def f(a: {array}):\n    '`a`: (5, 2).'")) == []
    assert shapeless(ast.parse(f"class C:\n    a: {array}\n")) == ["C"]
