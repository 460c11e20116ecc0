"""Who of a room is inside, has left or is absent, and how many of them are doubtful.

Everybody who is expected is exactly one of the first three.
"""

from collections.abc import Iterable
from typing import TypedDict

from gate.core.state import State


class RoomCounts(TypedDict):
    """Of one room and paper: `inside` + `left` + `absent` = `expected`. `doubtful`: those of whom a
    doubt is open, or who were admitted with one."""

    expected: int
    inside: int
    left: int
    absent: int
    doubtful: int


def doubtful_of(state: State, paper: str) -> frozenset[str]:
    """Keys of the doubtful of `paper`."""
    admitted = {key for of, key in state.doubtful if of == paper}
    still_open = {
        u.facts["key"]
        for u in state.unsettled
        if u.facts["doubtful"] and u.facts["paper"] == paper and u.facts["key"]
    }
    return frozenset(admitted | still_open)


def room_counts(
    state: State, paper: str, keys: Iterable[str], doubtful: frozenset[str]
) -> RoomCounts:
    """Of the candidates `keys` who are expected in one room. `doubtful`: of the whole paper."""
    entered, gone = state.entered, state.left
    expected = inside = left = doubts = 0
    for key in keys:
        expected += 1
        doubts += key in doubtful
        if (paper, key) in gone:
            left += 1
        elif (paper, key) in entered:
            inside += 1
    absent = expected - inside - left
    return RoomCounts(expected=expected, inside=inside, left=left, absent=absent, doubtful=doubts)


def where(state: State, paper: str, key: str) -> str:
    """`inside`, `left` or `absent`."""
    if (paper, key) in state.left:
        return "left"
    return "inside" if (paper, key) in state.entered else "absent"
