"""Bodies of decisions and verdicts, as formats.md lays them out.

The journal adds the envelope. The service adds what belongs to the unit (model, roster, evidence).
"""

from datetime import tzinfo

from gate.core.entry_rules import Presented, Ruling
from gate.core.events import CorrectionGiven, FaceJudged, Source, VerdictGiven
from gate.core.exam import FacePolicy, Paper, Seat
from gate.core.local_time import in_fixed_offset
from gate.core.reasons import CLOSED_PATH, MEANING, Outcome, Reason
from gate.core.records import (
    CORRECTION,
    AtExit,
    CorrectionBody,
    DecisionBody,
    Declined,
    FaceFields,
    LeftBody,
    SignatureBody,
    VerdictBody,
)
from gate.core.settled_case import SettledCase
from gate.core.staff_verdict import Settlement
from gate.core.state import Signing, Unsettled

NO_FACE_ASKED = FaceJudged(Reason.OK)
"""Stands in for the face where the rules alone decided."""


def decision_body(
    shown: Presented,
    ruling: Ruling,
    *,
    ticket: str | None,
    key: str | None,
    face: FaceJudged | None,
    attempt: int,
    zone: tzinfo | None = None,
    entered: str | None = None,
    declined_by: str | None = None,
    declined: bool = False,
) -> DecisionBody:
    """The body of a decision.

    `zone`: the exam's, in which times are written. `entered`: when the candidate was last let in to
    this paper. `face` is None where none was asked for; its fields are null then. The document's
    last day stands there only where somebody typed it, and answers for it.
    """
    meaning = MEANING[ruling.reason]
    judged = face or NO_FACE_ASKED
    asked = face is not None
    policy = ruling.paper.face if ruling.paper else None
    body: DecisionBody = {
        "ticket": ticket,
        "key": key,
        "paper": ruling.paper.id if ruling.paper else None,
        "room": ruling.seat.room if ruling.seat else None,
        "seat": ruling.seat.seat if ruling.seat else None,
        "source": shown.source.value,
        "by": shown.by,
        "scanner": shown.scanner,
        "document": shown.document.value,
        "found": in_fixed_offset(shown.found.at, zone).isoformat(timespec="milliseconds"),
        "entered": entered,
        "outcome": meaning.outcome.value if meaning.outcome else None,
        "reason": ruling.reason.value,
        "doubtful": meaning.doubtful,
        "score": _rounded(judged.score),
        "normalised": _rounded(judged.normalised),
        "normalisation": judged.normalisation,
        "threshold": _rounded(judged.threshold),
        "floor": _rounded(judged.floor),
        "fmr": _target(judged, policy) if asked else None,
        "frames": judged.frames if asked else None,
        "fresh": judged.fresh if asked else None,
        "liveness": judged.liveness.fields if judged.liveness else None,
        "quality": _rounded(judged.quality),
        "attempt": attempt if asked else None,
        "signals": list(meaning.pattern.labels()),
    }
    if shown.source is Source.TYPED:
        body["valid_to"] = str(shown.valid_to)
    if shown.odd:
        body["odd"] = [str(field) for field in shown.odd]
    if CLOSED_PATH in ruling.facts:
        body["closed_path"] = True
    if declined_by is not None and ruling.reason is Reason.FACE_DECLINED:
        body["declined_by"] = declined_by
    if declined and meaning.outcome is Outcome.REFER:
        body["declined"] = True
    return body


def left_body(
    reader: str,
    who: tuple[str | None, str | None],
    paper: Paper | None = None,
    seat: Seat | None = None,
    entered: str | None = None,
) -> LeftBody:
    """The body of `left`: a reading of the exit reader `reader`. `who`: ticket and key."""
    return {
        "ticket": who[0],
        "key": who[1],
        "paper": paper.id if paper else None,
        "room": seat.room if seat else None,
        "seat": seat.seat if seat else None,
        "source": reader,
        "entered": entered,
    }


def unreadable_body(
    shown: Presented, attempt: int, why: str, zone: tzinfo | None = None
) -> DecisionBody:
    """A card that could not be read: nobody is known. `why`: the `reason` of CardUnreadable, which
    tells staff whether to look at the card or at the cable."""
    ruling = Ruling(Reason.CARD_UNREADABLE)
    body = decision_body(shown, ruling, ticket=None, key=None, face=None, attempt=0, zone=zone)
    return body | {"document": None, "attempt": attempt, "unreadable": why}


def verdict_body(given: VerdictGiven, case: Unsettled, settled: Settlement) -> VerdictBody:
    """An invigilator's last word on the REFER `case`. `earlier`: REFERs of the same candidate and
    paper that it settles too; `after`, `age_s`: see Settlement; `barrier`: it is to move. Without
    somebody at the gate there are no signals."""
    reason = Reason.STAFF_ADMIT if given.admit else Reason.STAFF_DENY
    meaning, referred = MEANING[reason], case.facts
    outcome = Outcome.ADMIT if given.admit else Outcome.REFUSE
    at_exit: AtExit = {"at_exit": True} if case.at_exit else {}
    declined: Declined = {"declined": True} if referred.get("declined") else {}
    return {
        **at_exit,
        **declined,
        "decision": given.decision,
        "earlier": list(case.earlier),
        "ticket": referred["ticket"],
        "key": referred["key"],
        "paper": referred["paper"],
        "source": referred["source"],
        "document": referred["document"],
        "referred": referred["reason"],
        "outcome": outcome.value,
        "reason": reason.value,
        "doubtful": referred["doubtful"],
        "by": given.by,
        "second": given.second,
        "note": given.note,
        "after": list(settled.after),
        "age_s": None if settled.age_s is None else round(settled.age_s, 1),
        "barrier": given.admit and settled.at_the_door,
        "signals": list(meaning.pattern.labels()) if settled.at_the_door else [],
        **_NO_FACE,
    }


def signature_body(signing: Signing) -> SignatureBody:
    """One person's word on a REFER."""
    signature, facts = signing.signature, signing.facts
    return {
        "case": signing.case,
        "verdict": signature.verdict,
        "by": signature.by,
        "role": signature.role,
        "note": signature.note,
        "corrects": signing.corrects,
        "ticket": facts["ticket"],
        "key": facts["key"],
        "paper": facts["paper"],
    }


def correction_body(given: CorrectionGiven, settled: SettledCase) -> CorrectionBody:
    """What a settled case is corrected to."""
    first = settled.verdict
    reason = Reason.STAFF_ADMIT if given.admit else Reason.STAFF_DENY
    at_exit: AtExit = {"at_exit": True} if first.get("at_exit") else {}
    return {
        **at_exit,
        "case": given.decision,
        "change": CORRECTION,
        "ticket": first["ticket"],
        "key": first["key"],
        "paper": first["paper"],
        "was": (Outcome.ADMIT if settled.admit else Outcome.REFUSE).value,
        "was_at": settled.at,
        "outcome": (Outcome.ADMIT if given.admit else Outcome.REFUSE).value,
        "reason": reason.value,
        "doubtful": first["doubtful"],
        "by": given.by,
        "second": given.second,
        "note": given.note,
    }


_NO_FACE: FaceFields = {
    "score": None,
    "normalised": None,
    "threshold": None,
    "floor": None,
    "fmr": None,
    "frames": None,
    "fresh": None,
    "liveness": None,
    "quality": None,
    "attempt": None,
}


def _target(judged: FaceJudged, policy: FacePolicy | None) -> float | None:
    """The rate of the attempt; that of the policy where the attempt does not say."""
    asked = policy.fmr if policy else None
    used = judged.fmr if judged.fmr is not None else asked
    return None if used is None else round(used, 12)  # rates are products of decimal fractions


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
