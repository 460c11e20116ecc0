"""Rooms of an exam's lists against those that its extensions name: an extension for a room that
nobody sits in does nothing, and is told.

Rosters are sealed, so what a build saw is kept in the office's folder for the next reissue. Room
names are nobody's data.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gate.core.exam import Exam
from gate.core.rooms_and_seats import place_form
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from office.home import Home
from office.rosters.candidate_references import Candidate

_ROOMS_BYTES_MAX = 1 << 24

Rooms = Mapping[str, Iterable[str]]
"""Paper id to its rooms, as the lists spell them."""

_SHOWN = 8


def rooms_of(people: Iterable[Candidate]) -> dict[str, list[str]]:
    """Every room that somebody sits in, by paper."""
    found: dict[str, set[str]] = {}
    for person in people:
        for row in person.rows:
            found.setdefault(row.paper, set()).add(row.room)
    return {paper: sorted(rooms) for paper, rooms in sorted(found.items())}


def unknown_rooms(exam: Exam, rooms: Rooms) -> list[str]:
    """A sentence for each extension whose room its paper has not. No error: the list may be that
    of a part of the exam."""
    said = []
    for granted in exam.extensions:
        known = sorted(rooms.get(granted.paper, ()))
        if granted.room is None or place_form(granted.room) in map(place_form, known):
            continue
        shown = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
        said.append(
            f"warning: the extension of {granted.paper} for room {granted.room!r} does nothing, no "
            f"candidate sits there (rooms: {shown or 'none'}): correct the room. "
            f"延长入场指定的考场 {granted.room} 无考生，请核对。"
        )
    return said


def keep_rooms(home: Home, exam: str, rooms: Rooms) -> None:
    """What this build saw, for the reissues of `exam`. OSError."""
    write_file(home.rooms(exam), json.dumps(rooms, ensure_ascii=False).encode(), 0o600)


def keep_seen(home: Home, exam: str, people: Sequence[Candidate]) -> None:
    """What this build saw: rooms, and for the board how many candidates each paper has in each
    room of each site. OSError."""
    keep_rooms(home, exam, rooms_of(people))
    found: dict[str, dict[str, Counter[str]]] = {}
    for person in people:
        for row in person.rows:
            found.setdefault(row.paper, {}).setdefault(row.site, Counter())[row.room] += 1
    write_file(home.expected(exam), json.dumps(found, ensure_ascii=False).encode(), 0o600)


def kept_rooms(home: Home, exam: str) -> dict[str, list[str]] | None:
    """What the last build of `exam` saw; None where it was an earlier version's, or is damaged."""
    try:
        found = decode_json(read_regular(home.rooms(exam), _ROOMS_BYTES_MAX))
    except (OSError, ValueError):
        return None
    fits = isinstance(found, dict) and all(isinstance(rooms, list) for rooms in found.values())
    return found if fits else None
