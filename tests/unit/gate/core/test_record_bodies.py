"""What a decision and a verdict say: the contract's keys, nulls without a face, no name."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.card import DocumentKind
from gate.core.effects import Record
from gate.core.entry_rules import Ruling
from gate.core.events import CandidateFound, FaceJudged, Source
from gate.core.exam import Seat
from gate.core.journal_entries import JournalEntry
from gate.core.reasons import FACE_REASONS, MEANING, Reason
from gate.core.record_bodies import decision_body, unreadable_body, verdict_body
from gate.core.staff_verdict import Settlement
from gate.core.state import Unsettled
from tests.unit.gate.core.world import (
    CARD,
    GOOD,
    MORNING,
    Gate,
    at,
    candidate,
    face,
    instant,
    laid,
    shown,
    verdict,
)

CONTRACT = {
    "ticket",
    "paper",
    "source",
    "document",
    "outcome",
    "reason",
    "score",
    "normalised",
    "threshold",
    "fmr",
    "frames",
    "fresh",
    "liveness",
    "quality",
    "attempt",
    "signals",
}
"""The keys of a decision in the formats, less the envelope and ms, model and roster."""
OURS = {
    "key",
    "room",
    "seat",
    "by",
    "scanner",
    "found",
    "doubtful",
    "normalisation",
    "floor",
    "entered",
}
FACE_FIELDS = {
    "score",
    "normalised",
    "threshold",
    "floor",
    "fmr",
    "frames",
    "fresh",
    "liveness",
    "quality",
    "attempt",
}

SEAT = Seat("am", "03", "07")


def body_of(reason: Reason, judged: FaceJudged | None = None, attempt: int = 0) -> dict[str, Any]:
    ruling = Ruling(reason, MORNING, SEAT)
    return decision_body(
        shown(at("08:45")), ruling, ticket="1", key="ab", face=judged, attempt=attempt
    )


@pytest.mark.parametrize("reason", sorted(set(MEANING) - FACE_REASONS - {Reason.OK}))
def test_no_face_asked_no_face_fields(reason: Reason) -> None:
    body = body_of(reason)
    assert body.keys() == CONTRACT | OURS
    assert {body[f] for f in FACE_FIELDS} == {None}
    assert body["normalisation"] is None


def test_a_judged_face() -> None:
    body = body_of(Reason.OK, replace(GOOD, score=0.123456789, floor=0.45), 2)
    assert body.keys() == CONTRACT | OURS
    assert body == {
        "ticket": "1",
        "key": "ab",
        "paper": "am",
        "room": "03",
        "seat": "07",
        "source": "card",
        "by": None,
        "scanner": None,
        "document": "resident",
        "found": "2027-04-10T08:45:00.000+08:00",
        "entered": None,
        "outcome": "ADMIT",
        "reason": "OK",
        "doubtful": False,
        "score": 0.123457,
        "normalised": 5.2,
        "normalisation": "s-norm",
        "threshold": 4.1,
        "floor": 0.45,
        "fmr": 1e-4,
        "frames": 3,
        "fresh": 2,
        "liveness": {
            "verdict": "live",
            "layers": {"nir": None, "network": 0.9, "geometry": None, "action": None},
        },
        "quality": 0.8,
        "attempt": 2,
        "signals": ["green:steady"],
    }


def test_nobody_in_front_of_the_camera_was_asked_for_a_face() -> None:
    body = body_of(Reason.NO_FACE, FaceJudged(Reason.NO_FACE), 3)
    assert (body["frames"], body["fmr"], body["attempt"], body["score"]) == (0, 1e-4, 3, None)


def test_a_typed_document_carries_the_last_day_that_staff_saw() -> None:
    day = shown(at("08:45"), source=Source.TYPED, valid_to=date(2027, 5, 1), by="李")
    body = decision_body(
        day, Ruling(Reason.NO_REFERENCE), ticket="1", key="ab", face=None, attempt=0
    )
    assert (body["source"], body["by"], body["valid_to"]) == ("typed", "李", "2027-05-01")
    assert "valid_to" not in body_of(Reason.NO_REFERENCE)  # a card's is the card's affair


def test_an_unreadable_card_names_nobody() -> None:
    body = unreadable_body(shown(at("08:45")), 3, "not-an-id-card")
    assert body.keys() == CONTRACT | OURS | {"unreadable"}
    assert body["unreadable"] == "not-an-id-card"  # staff see whether it is the card or the cable
    assert (body["outcome"], body["reason"], body["attempt"]) == ("REFER", "CARD_UNREADABLE", 3)
    assert {body[k] for k in ("ticket", "key", "paper", "room", "document", "score")} == {None}


@pytest.mark.parametrize(
    ("admit", "outcome", "reason", "signals", "there"),
    [
        (True, "ADMIT", "STAFF_ADMIT", ["green:steady"], True),
        (False, "REFUSE", "STAFF_DENY", ["red:slow"], True),
        (True, "ADMIT", "STAFF_ADMIT", [], False),
        (False, "REFUSE", "STAFF_DENY", [], False),
    ],
)
def test_a_verdict(admit: bool, outcome: str, reason: str, signals: list[str], there: bool) -> None:
    referred = body_of(Reason.FACE_MISMATCH, face(Reason.FACE_MISMATCH), 3)
    case = Unsettled("e-7", Reason.FACE_MISMATCH, referred, earlier=("e-5",))
    settled = Settlement(("close",), 17.04, there)
    body = verdict_body(verdict("e-7", admit=admit), case, settled)
    assert (body["after"], body["age_s"], body["earlier"]) == (["close"], 17.0, ["e-5"])
    assert body["barrier"] == (admit and there)
    assert body.keys() >= CONTRACT
    assert {body[f] for f in FACE_FIELDS} == {None}
    said = {k: body[k] for k in ("decision", "outcome", "reason", "signals", "by", "second")}
    assert said == {
        "decision": "e-7",
        "outcome": outcome,
        "reason": reason,
        "signals": signals,
        "by": "Wang",
        "second": None,
    }
    assert (body["referred"], body["doubtful"], body["note"]) == ("FACE_MISMATCH", True, "seen")
    assert (body["ticket"], body["key"], body["paper"]) == ("1", "ab", "am")


names = st.text("赵钱孙李周吴郑王", min_size=2, max_size=4)
numbers = st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True)


@given(names, numbers, st.sampled_from([GOOD, *(face(r) for r in sorted(FACE_REASONS))]))
def test_no_name_and_no_number_leaves_the_core(name: str, number: str, judged: FaceJudged) -> None:
    gate = Gate()
    card = replace(CARD, name=name, number=number)
    gate.feed(laid(card=card))
    logged = repr(gate.state) + repr(gate.effects)
    gate.feed(CandidateFound(replace(candidate("am"), name=name)))
    logged += repr(gate.state)
    while not gate.of(Record):
        gate.feed(judged)
    gate.commit()
    written = json.dumps(gate.journal, ensure_ascii=False) + repr(gate.effects) + logged
    assert name not in written
    assert number not in written


@pytest.mark.parametrize("kind", DocumentKind)
def test_bodies_fit_into_an_entry(kind: DocumentKind) -> None:
    body = decision_body(
        shown(at("08:45"), document=kind),
        Ruling(Reason.WRONG_SITE),
        ticket=None,
        key="ab",
        face=None,
        attempt=0,
    )
    assert JournalEntry("decision", instant(), body).body["document"] == kind.value
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize("reason", sorted(set(Reason) - FACE_REASONS - {Reason.OK}))
def test_a_face_says_only_what_a_face_can_say(reason: Reason) -> None:
    with pytest.raises(ValueError, match=reason.value):
        FaceJudged(reason)


@pytest.mark.parametrize("field", ["score", "normalised", "threshold", "floor", "quality"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_face_judged_has_finite_numbers(field: str, number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        FaceJudged(Reason.OK, **{field: number})


@pytest.mark.parametrize(
    ("reason", "frames", "fresh"), [(Reason.OK, 3, 0), (Reason.OK, 3, 4), (Reason.NO_FACE, 0, 1)]
)
def test_a_face_is_ok_only_on_what_was_seen_after_the_card(
    reason: Reason, frames: int, fresh: int
) -> None:
    """An ADMIT on anything else cannot even be said."""
    with pytest.raises(ValueError, match="fresh"):
        FaceJudged(reason, frames=frames, fresh=fresh)
