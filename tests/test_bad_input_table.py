"""docs/bad-input.md: every input names a test that is there; no input of the list is left out."""

import ast
import re

import pytest

from tests.checkout import ROOT

ROW = re.compile(r"^\| (?P<input>.+?) \| .+ \| `(?P<file>tests/\S+?)` `(?P<test>\w+)` \|$")
LINES = (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8").splitlines()
ROWS = [found for line in LINES if (found := ROW.match(line))]
ASKED = (
    *("malformed JSON", "deep nesting", "NaN", "10 MB", "signed by another gate"),
    *("not the certificate's", "not enrolled for", "replayed command", "unit that is gone"),
    *("full queue", "expired certificate", "wrong CA", "looks like success", "floods"),
    *("two offices at once", "SQLite", "PostgreSQL", "disk full", "over a newer base"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["input"])
def test_the_named_test_is_there(row: re.Match[str]) -> None:
    tree = ast.parse((ROOT / row["file"]).read_text(encoding="utf-8"))
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert row["test"] in functions


def test_every_row_of_the_table_is_read() -> None:
    first = LINES.index("|---|---|---|") + 1
    assert len(ROWS) == len([line for line in LINES[first:] if line.startswith("|")])


@pytest.mark.parametrize("asked", ASKED)
def test_each_input_that_was_asked_for_has_a_row(asked: str) -> None:
    assert any(asked in row["input"] for row in ROWS)
