"""What of an event stands in columns of its own, for views and alarms. Pure."""

import re
from typing import NamedTuple

from gate.core.journal_entries import canonical_bytes
from gate.core.records import JournalEvent

_FACT_MAX = 200
_SPECIAL = re.compile(r"[\\\t\n\r]")
"""What COPY reads as something else than itself."""
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
_FACTS = ("at", "kind", "exam", "paper", "ticket", "outcome", "reason")


def event_row(event: JournalEvent, *, received: str, sitting: str, text: str = "") -> EventRow:
    """The row of `event`, which has `prev` and `hash`. `text`: its canonical bytes, where they are
    known."""
    at, kind, exam, paper, ticket, outcome, reason = map(_fact, map(event.get, _FACTS))
    return EventRow(
        event["gate"],
        event["epoch"],
        event["seq"],
        event["prev"],
        event["hash"],
        text or canonical_bytes(event).decode(),
        received,
        sitting,
        at,
        kind,
        exam,
        paper,
        ticket,
        outcome,
        reason,
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
    texts = [None if value is None else str(value) for value in row]
    if _SPECIAL.search("".join(filter(None, texts))):
        texts = [None if text is None else _escaped(text) for text in texts]
    return "\t".join([r"\N" if text is None else text for text in texts]) + "\n"


def _escaped(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        if plain in value:
            value = value.replace(plain, escaped)
    return value
