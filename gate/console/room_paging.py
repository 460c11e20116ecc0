"""Rooms of all papers in pages: a site may have thousands, and a tablet draws a few hundred."""

from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.json_types import JsonObject

ROOMS_SHOWN = 200
"""On one page, over all papers."""


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """`papers`: those that have rooms on this page, with these rooms. `page` counts from 1."""

    papers: list[JsonObject]
    page: int
    pages: int


def rooms_page(papers: Sequence[JsonObject], wanted: str = "") -> RoomsPage:
    """The page that `wanted` numbers; the first for what is no number, the last for one too high.

    `papers`: as the gate answers `rooms`."""
    count = sum(len(paper["rooms"]) for paper in papers)
    pages = max(1, -(-count // ROOMS_SHOWN))
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
    page = min(max(1, number), pages)
    first, shown, passed = (page - 1) * ROOMS_SHOWN, [], 0
    for paper in papers:
        rooms = paper["rooms"]
        low, high = first - passed, first - passed + ROOMS_SHOWN
        kept = rooms[max(0, low) : max(0, high)]
        passed += len(rooms)
        if kept:
            shown.append({**paper, "rooms": kept})
    return RoomsPage(shown, page, pages)
