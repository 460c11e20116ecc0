"""An extension for a room that nobody sits in is told, at a build and at a reissue."""

from pathlib import Path

import pytest

from gate.roster.exam_data import exam_from_toml
from office.home import Home
from office.rosters.candidate_references import people_of
from office.rosters.candidates import parse_candidates
from office.rosters.extension_rooms import keep_rooms, kept_rooms, rooms_of, unknown_rooms
from tests.adapters.office.test_candidates import line, table
from tests.roster_making import EXAM_TOML


def extended(room: str) -> str:
    """The exam with an extension for `room`."""
    return f"""{EXAM_TOML}
[[extension]]
paper = "00015-am"
room = "{room}"
closes_after_min = 25
by = "主考"
reason = "交通管制"
"""


@pytest.mark.parametrize(
    ("room", "known"),
    [("03", True), ("3", True), ("第３考场", True), ("30", False), ("99", False), ("11", False)],
)
def test_unknown_rooms_are_told_once(room: str, known: bool, tmp_path: Path) -> None:
    exam = exam_from_toml(extended(room), "exam.toml")
    lines = [line(1), line(2, paper="00023-pm", room="11")]
    people = people_of(parse_candidates(table(*lines), "list.csv", exam).rows)
    home = Home(tmp_path)
    home.office.mkdir()
    keep_rooms(home, exam.id, rooms_of(people))
    kept = kept_rooms(home, exam.id)
    assert kept == rooms_of(people) == {"00015-am": ["03"], "00023-pm": ["11"]}
    said = unknown_rooms(exam, kept)
    assert len(said) == (0 if known else 1)
    assert known or (f"'{room}'" in said[0] and "rooms: 03" in said[0])


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"a": 1}', b"\xff"])
def test_no_record_of_rooms_is_no_list(content: bytes | None, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.office.mkdir()
    if content is not None:
        home.rooms("e").write_bytes(content)
    assert kept_rooms(home, "e") is None
