"""What stands in a roster file: schema, record, handles. docs/roster.md describes it."""

import base64
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gate.core.card import normalise_number
from gate.core.exam import Seat
from gate.core.health_report import NOTHING, HandedIn
from gate.core.rooms_and_seats import place_form
from gate.ports.values import Template, TemplateRows

SCHEMA = Path(__file__).with_name("schema.sql")
APPLICATION_ID = 0x45475231
"""SQLite's `application_id`: EGR1, the format and its version."""

TEMPLATE_VALUES = 128
COHORT_SIZE = 200
COHORT_KEY = b"cohort"
TICKET_TAIL, ID_TAIL = 5, 6
_PAD_BYTES = 512
_PARTS = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, eq=False)
class CandidateRecord:
    """One candidate at one site. `template`, `mean`, `deviation`: of the ticket photo."""

    ticket: str
    name: str
    seats: tuple[Seat, ...]
    flags: frozenset[str] = frozenset()
    template: Template | None = None
    mean: float | None = None
    deviation: float | None = None
    handed_in: HandedIn = NOTHING

    def __repr__(self) -> str:  # a log line must not carry a name
        return f"Record({self.ticket})"


def encode_record(record: CandidateRecord) -> bytes:
    """JSON, padded with blanks: the length of a sealed row tells nothing of the name in it."""
    values: dict[str, Any] = {
        "ticket": record.ticket,
        "name": record.name,
        "seats": [[s.paper, s.room, s.seat] for s in record.seats],
        "flags": sorted(record.flags),
        "mean": record.mean,
        "deviation": record.deviation,
        "template": None if record.template is None else _template_text(record.template),
    }
    if record.handed_in.notice:
        values["notice"] = True
    if record.handed_in.health is not None:
        values["health"] = dict(record.handed_in.health)
    plain = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return plain.ljust(-(-len(plain) // _PAD_BYTES) * _PAD_BYTES)


def decode_record(plain: bytes) -> CandidateRecord:
    """The record of a candidate from its opened row."""
    values = json.loads(plain)
    template = values["template"]
    return CandidateRecord(
        ticket=values["ticket"],
        name=values["name"],
        seats=tuple(Seat(*seat) for seat in values["seats"]),
        flags=frozenset(values["flags"]),
        template=None if template is None else templates_of(base64.b64decode(template))[0],
        mean=values["mean"],
        deviation=values["deviation"],
        handed_in=HandedIn(values.get("notice", False), values.get("health")),
    )


def decode_seats(plain: bytes) -> tuple[Seat, ...]:
    """The seats alone of a candidate's opened row."""
    return tuple(Seat(*seat) for seat in json.loads(plain)["seats"])


def _template_text(template: Template) -> str:
    return base64.b64encode(template.astype("<f4").tobytes()).decode("ascii")


def templates_of(raw: bytes) -> TemplateRows:
    """n x 128 from little-endian float32 bytes."""
    return np.frombuffer(raw, dtype="<f4").astype(np.float32).reshape(-1, TEMPLATE_VALUES)


# -- handles: what staff type instead of a number ------------------------------------------------


def ticket_handle(ticket: str) -> str:
    """The handle of a whole ticket number."""
    return f"ticket:{_typed(ticket)}"


def ticket_tail_handle(ticket: str) -> str:
    """The handle of the last characters of a ticket number."""
    return f"ticket5:{_typed(ticket)[-TICKET_TAIL:]}"


def id_tail_handle(number: str) -> str:
    """Of a whole number or of its last six."""
    return f"id6:{normalise_number(_typed(number))[-ID_TAIL:]}"


def seat_handle(paper: str, room_and_seat: str) -> str:
    """Room and seat in the one form of places. 考场 divides them, else the last hyphen, else
    whatever stands between two numbers, as in the sentence that lets somebody in: 03考场 12号."""
    typed = unicodedata.normalize("NFKC", room_and_seat)
    room, word, seat = typed.partition("考场")
    if not (word and seat.strip(" -号")):
        parts = _PARTS.findall(typed)
        divided = "-".join(parts) if "-" not in typed and len(parts) == 2 else typed
        room, _, seat = divided.rpartition("-")
    return f"seat:{paper}:{place_form(room)}-{place_form(seat.lstrip(' -号'))}"


def earlier_seat_handle(paper: str, room_and_seat: str) -> str:
    """The handle in rosters of earlier versions. 考场 and 号 beside a hyphen counted; leading zeros
    before letters did not."""
    typed = unicodedata.normalize("NFKC", room_and_seat)
    parts = _PARTS.findall(typed)
    if "-" not in typed and len(parts) == 2:
        typed = "-".join(parts)
    room, _, seat = _typed(typed).rpartition("-")
    return f"seat:{paper}:{_without_noughts(room)}-{_without_noughts(seat)}"


def handles_of(record: CandidateRecord, number: str) -> Sequence[str]:
    """Everything that finds this candidate besides the number."""
    return (
        ticket_handle(record.ticket),
        ticket_tail_handle(record.ticket),
        id_tail_handle(number),
        *(seat_handle(s.paper, f"{s.room}-{s.seat}") for s in record.seats),
    )


def _typed(value: str) -> str:
    """Blanks and full-width forms of an input method do not count, nor does case."""
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def _without_noughts(part: str) -> str:
    return part.lstrip("0") or part[-1:]
