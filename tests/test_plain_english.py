"""The documents speak plain English: no sentence has more than 25 words.

`python -m tests.test_plain_english` lists the sentences that are too long.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
MOST_WORDS = 25
ALLOWED: dict[str, str] = {}
"""Exact sentences that may be longer: sentence -> reason."""

FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
WRITTEN = re.compile(r"<!-- written by scripts/[\w-]+ -->.*?<!-- end of .*?-->", re.DOTALL)
"""What a trial writes into its page: tables and counts, no sentences to be read."""
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE_SPAN = re.compile(r"`[^`]*`")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
NEW_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[*-]|\d+\.)\s|\s*\||#)")
HEADING = re.compile(r"^(#.*)$", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')*]*\s+")


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def sentences(markdown: str) -> Iterator[str]:
    """The sentences of a page; a code span is one word, a link is its text.

    Code blocks, comments and what trials write are left out. List items, headings and cells
    of tables are apart.
    """
    text = COMMENT.sub("", FENCE.sub("\n\n", WRITTEN.sub("\n\n", markdown)))
    text = HEADING.sub(r"\1\n", LINK.sub(r"\1", CODE_SPAN.sub("CODE", text)))
    for block in NEW_BLOCK.split(text):
        parts = CELL.split(block) if block.lstrip().startswith("|") else [block]
        for part in parts:
            yield from SENTENCE_END.split(" ".join(part.split()))


def words(sentence: str) -> int:
    """The number of words: what stands between spaces and holds a letter or a digit."""
    return sum(any(c.isalnum() for c in word) for word in sentence.split())


def too_long(markdown: str) -> list[str]:
    return [s for s in sentences(markdown) if words(s) > MOST_WORDS and s not in ALLOWED]


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_no_sentence_is_too_long(page: Path) -> None:
    found = too_long(page.read_text(encoding="utf-8"))
    assert not found, "\n".join([f"{names(page)}: shorten", *found])


def test_allowed_sentences_still_stand_somewhere() -> None:
    stand = {s for page in PAGES for s in sentences(page.read_text(encoding="utf-8"))}
    assert set(ALLOWED) <= stand


LONG = " ".join(["word"] * 26)


@pytest.mark.parametrize(
    "markdown",
    [
        f"{LONG}.",
        f"Short. {LONG}. Short.",
        f"* item\n* {LONG}",
        f"| a | b |\n|---|---|\n| short | {LONG} |",
        f"See [{LONG}](page.md).",
        LONG.replace(" ", "\n"),
        f"```sh\nls\n```\n{LONG}",
        f"# {LONG}",
        f"An empty code span, ``, and `one`: {LONG}",
    ],
)
def test_a_long_sentence_is_found(markdown: str) -> None:
    assert len(too_long(markdown)) == 1


@pytest.mark.parametrize(
    "markdown",
    [
        f"{LONG.replace(' ', '. ')}.",
        f"```\n{LONG}\n```",
        f"Text\n\n```toml\n{LONG}\n```\n\nText",
        f"`{LONG}` is one word.",
        f"[page]({LONG.replace(' ', '/')})",
        f"<!-- {LONG} -->",
        f"<!-- written by scripts/x -->\n{LONG}\n<!-- end of what x wrote -->",
        "\n".join(f"* {n}" for n in range(30)),
        f"| {LONG.replace(' ', ' | ')} |",
        f"{LONG[:120]}\n\n{LONG[:120]}",
        f"# {LONG[:120]}\n{LONG[:120]}",
    ],
)
def test_what_is_no_long_sentence_is_let_be(markdown: str) -> None:
    assert not too_long(markdown)


if __name__ == "__main__":
    for page in PAGES:
        for sentence in too_long(page.read_text(encoding="utf-8")):
            print(f"{names(page)}: {words(sentence)}: {sentence}\n")
