"""What of an event stands in columns of its own, for views and alarms. Pure."""

from typing import NamedTuple

from gate.core.journal_entries import canonical_bytes
from gate.core.records import JournalEvent

_FACT_MAX = 200
_ADMITS = ("decision", "verdict")


class EventRow(NamedTuple):
    """One row of `event`, in the order of its columns. `event`: the canonical text that the hash
    covers. `sitting`: the exam under which the journal was first received. `admitted`: the keyed
    ID number, hex, of who was let in by this event; None otherwise."""

    gate: str
    epoch: str
    seq: int
    prev: str
    hash: str
    event: str
    received: str
    sitting: str
    at: str | None
    kind: str | None
    exam: str | None
    paper: str | None
    ticket: str | None
    outcome: str | None
    reason: str | None
    admitted: str | None


COLUMNS = EventRow._fields


def event_row(event: JournalEvent, *, received: str, sitting: str, text: str = "") -> EventRow:
    """The row of `event`, which has `prev` and `hash`. `text`: its canonical bytes, where they are
    known."""
    return EventRow(
        event["gate"],
        event["epoch"],
        event["seq"],
        event["prev"],
        event["hash"],
        text or canonical_bytes(event).decode(),
        received,
        sitting,
        _fact(event.get("at")),
        _fact(event.get("kind")),
        _fact(event.get("exam")),
        _fact(event.get("paper")),
        _fact(event.get("ticket")),
        _fact(event.get("outcome")),
        _fact(event.get("reason")),
        admitted(event),
    )


def admitted(event: JournalEvent) -> str | None:
    """Who was let in by `event`. A gate that knew of an earlier entry names it in `entered`: that
    is the paper's way back in, not a second person."""
    if event.get("outcome") != "ADMIT" or event.get("kind") not in _ADMITS:
        return None
    if event.get("entered") or event.get("at_exit"):
        return None
    return _fact(event.get("key") or event.get("ticket"))


def _fact(value: object) -> str | None:
    """Short text. PostgreSQL takes no NUL; whatever it is, the event's own text keeps it."""
    if isinstance(value, str) and len(value) <= _FACT_MAX and "\0" not in value:
        return value
    return None


def copy_block(rows: list[EventRow]) -> bytes:
    """`rows` in the text form of PostgreSQL's COPY."""
    return "".join(map(_copy_line, rows)).encode()


def _copy_line(row: EventRow) -> str:
    line = "\t".join([r"\N" if v is None else _escaped(str(v)) for v in row])
    return line + "\n"


def _escaped(value: str) -> str:
    if value.isalnum():
        return value
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        if plain in value:
            value = value.replace(plain, escaped)
    return value
