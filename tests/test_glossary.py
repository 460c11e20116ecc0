"""docs/glossary.md against the code: its names are there, the words that it sets aside are not."""

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.checkout import ROOT

ROOMS = ("gate", "office", "enrolment")
PAGE = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| `([\w.]+)` \|$", re.MULTILINE)
NOT_USED = re.compile(r"^\| (\w+) \| (\w+) \|$", re.MULTILINE)
WORDS = ROW.findall(PAGE)
SET_ASIDE = [(a, b) for a, b in NOT_USED.findall(PAGE) if a != "not"]


@functools.cache
def sources() -> list[Path]:
    return sorted([path for room in ROOMS for path in ROOT.glob(f"{room}/**/*.py")])


def module_of(dotted: str) -> Path | None:
    path = ROOT.joinpath(*dotted.split("."))
    found = [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()]
    return found[0] if found else None


@functools.cache
def names_in(path: Path) -> set[str]:
    """Names that a module defines at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found


def test_the_page_has_both_tables() -> None:
    assert len(WORDS) > 40
    assert len(SET_ASIDE) > 15


@pytest.mark.parametrize(("word", "chinese", "meaning", "name"), WORDS)
def test_each_word_is_in_the_code(word: str, chinese: str, meaning: str, name: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", chinese), f"{word} has no Chinese"
    assert len(meaning.split()) <= 25, f"{word}: one short line"
    if module_of(name) is None:
        module, _, last = name.rpartition(".")
        path = module_of(module)
        assert path is not None, f"{word}: no module {module}"
        assert last in names_in(path), f"{word}: no {last} in {module}"


def test_no_word_stands_twice() -> None:
    words = [w.strip() for row in WORDS for w in row[0].split(",")]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(("old", "new"), SET_ASIDE)
def test_set_aside_words_name_no_module_and_nothing_public(old: str, new: str) -> None:
    camel = "".join(part.title() for part in old.split("_"))
    for path in sources():
        assert path.stem != old, f"{path}: {new} is the word"
        assert camel not in names_in(path), f"{path}: {new} is the word"
        assert old not in names_in(path), f"{path}: {new} is the word"
