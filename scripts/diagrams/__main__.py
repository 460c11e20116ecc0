"""Writes the blocks of every page anew. Run from the checkout: `python -m scripts.diagrams`."""

from pathlib import Path

from scripts.diagrams import card_reader, lane
from scripts.diagrams.markdown import with_blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"lane.md": lane.blocks, "card-reader.md": card_reader.blocks}


def main() -> None:
    for name, blocks in PAGES.items():
        page = DOCS / name
        text = page.read_text(encoding="utf-8")
        page.write_text(with_blocks(text, blocks()), encoding="utf-8")


if __name__ == "__main__":
    main()
