"""A card that is left lying after it was refused, and when it is worth another look.

The reader reports a card once each time it is laid. The refusal may become wrong while the card
lies there. Entry opens, a new roster grants an extension, the clock is trusted again, or an outage
ends. Then the reader is asked to find the card anew. That card-found reply is the instant that
counts, and the face is compared as always. `follow` updates what is known of the card after every
step. `is_due` is asked now and then.
"""

from dataclasses import replace
from datetime import datetime

from gate.core.effects import FindAgain
from gate.core.events import (
    CardPresented,
    CardRemoved,
    CardUnreadable,
    DecisionRecorded,
    FaceDeclined,
    Instant,
    LaneEvent,
    LookDue,
    ReaderLost,
    RosterOpened,
)
from gate.core.exam import entry_window
from gate.core.reasons import MEANING, Outcome, Reason
from gate.core.state import BUSY, CardLeftLying, Phase, State, Step, Visit

LOOKS_MAX = 5
"""Of one laying: a clock or a camera that comes and goes must not decide for ever."""

BY_TIME = frozenset({Reason.TOO_EARLY, Reason.WRONG_PAPER})
"""What the opening of the candidate's own paper may change."""

BY_ROSTER = BY_TIME | {
    Reason.TOO_LATE,
    Reason.WRONG_SITE,
    Reason.NOT_ON_ROSTER,
    Reason.NO_REFERENCE,
    Reason.DOCUMENT_NOT_ACCEPTED,
}
"""What another roster may change."""


def follow(before: State, event: LaneEvent, after: State) -> State:
    """`after`, with what `event` says of the card that lies there."""
    card = before.card_left_lying
    match event:
        case CardPresented(found=found):
            again = card is not None and card.is_looked_for
            card = CardLeftLying(found, looks=card.looks if card and again else 0)
        case CardRemoved() | CardUnreadable() | ReaderLost():
            card = None
        case RosterOpened() if card is not None:
            card = replace(card, renewed=True)
        case DecisionRecorded(decision=decision) if (
            card is not None and not before.is_staff_record_due
        ):
            visit = before.visit if before.phase is Phase.RECORDING else None
            if visit is not None and visit.shown.found == card.found:
                card = replace(
                    card,
                    reason=visit.ruling.reason,
                    decision=decision,
                    opens=_opens(before, visit),
                    renewed=False,
                )
        case LookDue() | FaceDeclined():
            card = after.card_left_lying
    return after if card == after.card_left_lying else replace(after, card_left_lying=card)


def is_due(state: State, now: Instant) -> bool:
    """Whether what lies on the reader is to be found anew at `now`."""
    card = state.card_left_lying
    if card is None or card.is_looked_for or card.looks >= LOOKS_MAX:
        return False
    if state.faults or state.waiting is not None or state.phase in BUSY:
        return False
    if card.reason is None:  # laid down during an outage, or its visit ended in one
        return state.phase is not Phase.SHOWING
    if _is_settled(state, card):
        return False
    opened = now.trusted and card.opens is not None and now.at >= card.opens
    return (
        (card.reason in BY_TIME and opened)
        or (card.reason is Reason.CLOCK_UNTRUSTED and now.trusted)
        or (card.reason in BY_ROSTER and card.renewed)
    )


def _is_settled(state: State, card: CardLeftLying) -> bool:
    """Staff have said the last word on it."""
    is_refer = card.reason is not None and MEANING[card.reason].outcome is Outcome.REFER
    return is_refer and all(card.decision != u.decision for u in state.unsettled)


def look(state: State, event: LookDue) -> Step:
    """Asks the reader to find the card anew, where that is due at `event.at`."""
    if state.card_left_lying is None or not is_due(state, event.at):
        return state, ()
    sought = replace(
        state.card_left_lying, is_looked_for=True, looks=state.card_left_lying.looks + 1
    )
    return replace(state, card_left_lying=sought), (FindAgain(),)


def _opens(state: State, visit: Visit) -> datetime | None:
    """When the own paper that was refused may be entered; None where that has begun already."""
    paper, seat, exam = visit.ruling.paper, visit.ruling.seat, state.exam
    if paper is None or seat is None or exam is None:
        return None
    opens = entry_window(paper, seat.room, exam.extensions).opens
    return opens if visit.shown.found.at < opens else None
