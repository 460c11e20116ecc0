"""An event as JSON values, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from enrolment.core import events
from enrolment.core.events import Actor, Event, ReviewOutcome, Role, SeatGiven
from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from gate.core.json_types import JsonObject, JsonValue

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.Started,
        events.DataChanged,
        events.Submitted,
        events.CardChecked,
        events.LivenessChecked,
        events.PhotoChecked,
        events.SignatureGiven,
        events.IdentityChecked,
        events.ManualRequested,
        events.ManualDecided,
        events.DocumentsHandedIn,
        events.ReviewQueued,
        events.ReviewDecided,
        events.CorrectionHandedIn,
        events.FeeAsked,
        events.PaymentReported,
        events.TicketGiven,
        events.Seated,
        events.Locked,
        events.Expired,
    )
}


def to_json(event: Event) -> JsonObject:
    """Kind and fields; times in RFC 3339."""
    return {"kind": type(event).__name__, **_plain(asdict(event))}


def from_json(raw: Mapping[str, JsonValue]) -> Event:
    """What `to_json` wrote. ValueError, KeyError, TypeError for anything else."""
    kind = KINDS[raw["kind"]]
    return kind(**{name: _value(name, raw[name]) for name in raw if name != "kind"})


def _plain(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _value(name: str, raw: JsonValue) -> JsonValue:
    read = _READ.get(name)
    if read is not None:
        return read(raw)
    return tuple(raw) if isinstance(raw, list) else raw


def _times(raw: JsonValue) -> JsonValue:
    return datetime.fromisoformat(raw)


_READ: dict[str, Callable[[JsonValue], JsonValue]] = {
    "at": _times,
    "paid_at": _times,
    "by": lambda raw: Actor(Role(raw["role"]), raw["id"]),
    "data": lambda raw: PersonalData(**{key: _value(key, raw[key]) for key in raw}),
    "reasons": lambda raw: tuple(CandidateReason(reason) for reason in raw),
    "outcome": ReviewOutcome,
    "seats": lambda raw: tuple(SeatGiven(**seat) for seat in raw),
}
