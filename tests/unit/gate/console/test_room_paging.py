"""Rooms in pages: each room stands on one page, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.console.room_paging import ROOMS_SHOWN, rooms_page
from tests.examples import examples


def papers_of(counts: list[int]) -> list[dict[str, object]]:
    return [
        {"paper": f"p{n}", "rooms": [{"room": f"{n}-{r}"} for r in range(count)]}
        for n, count in enumerate(counts)
    ]


@examples(100)
@given(counts=st.lists(st.integers(1, 3 * ROOMS_SHOWN), max_size=5))
def test_every_room_stands_on_one_page_in_order(counts: list[int]) -> None:
    papers, seen = papers_of(counts), []
    for number in range(1, rooms_page(papers).pages + 1):
        page = rooms_page(papers, str(number))
        rooms = [(p["paper"], r["room"]) for p in page.papers for r in p["rooms"]]
        assert len(rooms) <= ROOMS_SHOWN
        assert page.page == number
        seen += rooms
    assert seen == [(p["paper"], r["room"]) for p in papers for r in p["rooms"]]  # type: ignore


@pytest.mark.parametrize(
    ("wanted", "page"),
    [("", 1), ("0", 1), ("-1", 1), ("2", 2), ("99", 3), ("9" * 5000, 1), ("²", 1), ("x", 1)],
)
def test_what_is_no_page_shows_one(wanted: str, page: int) -> None:
    assert rooms_page(papers_of([2 * ROOMS_SHOWN + 1]), wanted).page == page


def test_without_rooms_there_is_one_empty_page() -> None:
    assert (rooms_page([]).papers, rooms_page([]).pages) == ([], 1)
