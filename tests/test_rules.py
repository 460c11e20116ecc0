"""docs/rules.md: every rule names a test, and that test is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (?P<rule>.+?) \| [A-Z] \| .+ \| `(?P<file>tests/\S+?)` `(?P<test>\w+)` \|$")
LINES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines()
ROWS = [found for line in LINES if (found := ROW.match(line))]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule"])
def test_the_named_test_is_there(row: re.Match[str]) -> None:
    tree = ast.parse((ROOT / row["file"]).read_text(encoding="utf-8"))
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert row["test"] in functions


def test_every_row_of_the_table_is_read() -> None:
    """A row in another form would be one that nobody holds."""
    first = LINES.index("|---|---|---|---|") + 1
    rows = LINES[first : LINES.index("", first)]
    assert len(ROWS) == len(rows)
