"""What a seat-photo sheet (考场图像单) shows of one room and paper. Pure; gate.sheets draws it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from gate.core.exam import Exam, Paper
from gate.core.local_time import in_fixed_offset
from gate.core.room_counts import where
from gate.core.state import State
from gate.errors import NoSuchEntry

STATES = {
    "": ("", ""),
    "admitted": ("已入场", "admitted"),
    "left": ("已离场", "left"),
    "absent": ("未到", "absent"),
    "doubtful": ("存疑", "doubtful"),
}
"""Of a candidate, in Chinese and English; blank before the day."""


@dataclass(frozen=True, slots=True)
class SheetHead:
    """What stands above. `printed`: when, as text; `start`: of the paper, as text."""

    exam: str
    site: str
    paper: str
    subject: str
    room: str
    start: str
    printed: str


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One candidate. `photo`: JPEG, None where there is none; `state`: one of `STATES`."""

    seat: str
    ticket: str
    name: str
    photo: bytes | None
    state: str = ""

    def __repr__(self) -> str:  # a log line must not carry a name
        return f"SheetCell({self.ticket})"


def sheet_state(state: State, paper: str, key: str, doubtful: frozenset[str]) -> str:
    """One of `STATES` for the candidate `key`, as this gate knows it. `doubtful`: keys of the
    doubtful of `paper`."""
    if key in doubtful:
        return "doubtful"
    there = where(state, paper, key)
    return "admitted" if there == "inside" else there


def sheet_head(exam: Exam, site: str, paper: Paper, room: str, now: datetime) -> SheetHead:
    """The head of a sheet that is printed at `now`, in the exam's time zone."""
    return SheetHead(
        exam=exam.name,
        site=exam.site_name(site),
        paper=paper.id,
        subject=paper.subject,
        room=room,
        start=_minute(paper.start, exam.zone),
        printed=f"打印于 printed {_minute(now, exam.zone)}",
    )


def no_such_room(paper: str, room: str) -> NoSuchEntry:
    """Nobody of this roster sits there."""
    return NoSuchEntry(
        f"Nobody sits paper {paper} in room {room}: look at the list of rooms.",
        f"名册中没有 {paper} 的 {room} 考场：请查看考场列表。",
        paper=paper,
        room=room,
    )


def _minute(at: datetime, zone: tzinfo) -> str:
    return in_fixed_offset(at, zone).strftime("%Y-%m-%d %H:%M")
