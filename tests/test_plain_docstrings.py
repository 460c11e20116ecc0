"""Docstrings and comments speak plain English: no sentence has more than 25 words.

Each public module, class and function of gate/, office/ and enrolment/ says what it is.
`python -m tests.test_plain_docstrings` lists what is wrong.
"""

import ast
import inspect
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.test_plain_english import MOST_WORDS, SENTENCE_END, words

ROOMS = ("gate", "office", "enrolment", "demo", "scripts", "tests")
EXPLAINED = ("gate", "office", "enrolment")
ALLOWED: dict[str, str] = {}
"""Exact sentences that may be longer: sentence -> reason."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
LAYOUT = re.compile(r"^ {4}.*$", re.MULTILINE)
"""Indented lines show a file's layout or a command; they are no sentences."""
CODE_SPAN = re.compile(r"``?[^`]*``?")
NEW_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[*-]|\d+\.)\s)")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a docstring or a block of comments; a code span is one word."""
    for block in NEW_BLOCK.split(CODE_SPAN.sub("CODE", LAYOUT.sub("", text))):
        yield from SENTENCE_END.split(" ".join(block.split()))


def docstrings(tree: ast.AST) -> Iterator[str]:
    """Of modules, classes and functions, and what stands below a constant or a field."""
    strings = (n.value for n in ast.walk(tree) if isinstance(n, ast.Expr))
    for string in strings:
        if isinstance(string, ast.Constant) and isinstance(string.value, str):
            yield inspect.cleandoc(string.value)


def comments(source: str) -> Iterator[str]:
    """Blocks of whole-line comments that follow each other, and each comment behind code."""
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, column = token.start
        is_alone = not token.line[:column].strip()
        if not (is_alone and line == last + 1):
            yield "\n".join(block)
            block = []
        block.append(token.string.lstrip("#: "))
        last = line if is_alone else 0
    yield "\n".join(block)


def too_long(source: str) -> list[str]:
    """The sentences in a program's text that have too many words."""
    texts = [*docstrings(ast.parse(source)), *comments(source)]
    found = [s for text in texts for s in sentences(text)]
    return [s for s in found if words(s) > MOST_WORDS and s not in ALLOWED]


def unexplained(source: str) -> list[str]:
    """Names of what is public and has no docstring; `module` for the module itself."""
    tree = ast.parse(source)
    bare = [] if not source.strip() or ast.get_docstring(tree) else ["module"]
    return bare + [".".join(names) for names in _bare(tree, ())]


def _bare(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Definition) or child.name.startswith("_"):
            continue
        if not ast.get_docstring(child):
            yield (*within, child.name)
        if isinstance(child, ast.ClassDef):
            yield from _bare(child, (*within, child.name))


def programs(rooms: tuple[str, ...]) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def faults() -> list[str]:
    """Every sentence that is too long and every public name without a docstring."""
    long = [(p, s) for p in programs(ROOMS) for s in too_long(p.read_text(encoding="utf-8"))]
    bare = [(p, n) for p in programs(EXPLAINED) for n in unexplained(p.read_text(encoding="utf-8"))]
    return [
        *(f"{path.relative_to(ROOT)}: shorten: {sentence}" for path, sentence in long),
        *(f"{path.relative_to(ROOT)}: {name} has no docstring" for path, name in bare),
    ]


@pytest.mark.slow
def test_docstrings_and_comments_are_plain() -> None:
    found = faults()
    assert not found, "\n".join(found)


LONG = " ".join(["word"] * 26)


@pytest.mark.parametrize(
    "source",
    [
        f'"""{LONG}."""',
        f'"""Short. {LONG}."""',
        f'def f():\n    """Short.\n\n    {LONG}.\n    """',
        f'class C:\n    x = 1\n    """{LONG}"""',
        f'X = 1\n"""{LONG}"""',
        f"# {LONG}",
        f"x = 1  # {LONG}",
        f"# {LONG[:60]}\n# {LONG[60:]}",
    ],
)
def test_a_long_sentence_is_found(source: str) -> None:
    assert len(too_long(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        f'x = "{LONG}"',
        f'"""Layout:\n\n    {LONG}\n\nEnd.\n"""',
        f'"""A span `{LONG}` is one word."""',
        f'"""{LONG[:120]}\n\n{LONG[:120]}"""',
        f"# {LONG[:120]}\n\n# {LONG[:120]}",
        f"x = 1  # {LONG[:120]}\ny = 2  # {LONG[:120]}",
    ],
)
def test_what_is_no_long_sentence_is_let_be(source: str) -> None:
    assert not too_long(source)


def test_what_has_no_docstring_is_named() -> None:
    source = "class A:\n    def b(self): ...\n    def _c(self): ...\nasync def d(): ...\n"
    assert unexplained(source) == ["module", "A", "A.b", "d"]


if __name__ == "__main__":
    print("\n".join(faults()))
