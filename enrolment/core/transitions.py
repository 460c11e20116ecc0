"""The application's state table and `step`.

Every transition stands in `ROWS` and nowhere else. It leads to the states of its row or stays. An
event without a row, of another role or outside the period is an error and changes nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from enrolment.core import (
    check_transitions,
    data_transitions,
    fee_transitions,
    review_transitions,
)
from enrolment.core.application import Application, Step
from enrolment.core.deadlines import check_in_time
from enrolment.core.events import (
    CardChecked,
    CorrectionHandedIn,
    DataChanged,
    DocumentsHandedIn,
    Event,
    Expired,
    FeeAsked,
    IdentityChecked,
    LivenessChecked,
    Locked,
    ManualDecided,
    ManualRequested,
    PaymentReported,
    PhotoChecked,
    ReviewDecided,
    ReviewQueued,
    Role,
    Seated,
    SignatureGiven,
    Started,
    Submitted,
    TicketGiven,
)
from enrolment.core.round import Round
from enrolment.core.status import FINAL, Status
from enrolment.errors import EventRefused, PeriodOver, RoleRefused

Handler = Callable[[Application, Any], Step]


class Transition(NamedTuple):
    """One row of the state table. `leads_to`: where the handler may lead; it may always stay."""

    statuses: tuple[Status, ...]
    event: type[Event]
    role: Role
    handler: Handler
    leads_to: tuple[Status, ...] = ()


_S = Status
_CANDIDATE, _STAFF, _SYSTEM = Role
_ALL = tuple(Status)
_OPEN = tuple(s for s in Status if s not in FINAL and s is not _S.PAID)
_FORM = (
    _S.DRAFT, _S.SUBMITTED, _S.CARD_READ, _S.LIVE_CHECKED, _S.PHOTO_ACCEPTED, _S.SIGNED,
    _S.CLOSED_TO_MANUAL, _S.VERIFIED, _S.UNDER_REVIEW, _S.CORRECTION_ASKED, _S.ACCEPTED,
    _S.FEE_DUE,
)  # fmt: skip
_CLOSED = _S.CLOSED_TO_MANUAL

ROWS = (
    Transition(_FORM, DataChanged, _CANDIDATE, data_transitions.changed),
    Transition(
        (_S.DRAFT,), Submitted, _CANDIDATE, data_transitions.submitted, (_S.SUBMITTED,)
    ),
    Transition(
        (_S.SUBMITTED,), CardChecked, _SYSTEM, check_transitions.card, (_S.CARD_READ, _CLOSED)
    ),
    Transition(
        (_S.CARD_READ,), LivenessChecked, _SYSTEM, check_transitions.liveness,
        (_S.LIVE_CHECKED, _CLOSED),
    ),
    Transition(
        (_S.LIVE_CHECKED,), PhotoChecked, _SYSTEM, check_transitions.photo,
        (_S.PHOTO_ACCEPTED, _CLOSED),
    ),
    Transition(
        (_S.PHOTO_ACCEPTED,), SignatureGiven, _CANDIDATE, check_transitions.signature,
        (_S.SIGNED,),
    ),
    Transition((_S.SIGNED,), SignatureGiven, _CANDIDATE, check_transitions.asked_again),
    Transition(
        (_S.SIGNED,), IdentityChecked, _SYSTEM, check_transitions.identity,
        (_S.VERIFIED, _CLOSED),
    ),
    Transition(
        (_CLOSED,), ManualRequested, _CANDIDATE, check_transitions.manual_requested,
        (_S.MANUAL_REVIEW,),
    ),
    Transition(
        (_S.MANUAL_REVIEW,), ManualDecided, _STAFF, check_transitions.manual_decided,
        (_S.LIVE_CHECKED, _S.REFUSED),
    ),
    Transition(
        (_S.VERIFIED,), DocumentsHandedIn, _CANDIDATE, review_transitions.handed_in,
        (_S.UNDER_REVIEW,),
    ),
    Transition(
        (_S.UNDER_REVIEW,), ReviewDecided, _STAFF, review_transitions.decided,
        (_S.ACCEPTED, _S.CORRECTION_ASKED, _S.REFUSED),
    ),
    Transition(
        (_S.CORRECTION_ASKED,), CorrectionHandedIn, _CANDIDATE, review_transitions.corrected,
        (_S.RESUBMITTED,),
    ),
    Transition(
        (_S.RESUBMITTED,), ReviewQueued, _SYSTEM, review_transitions.queued, (_S.UNDER_REVIEW,)
    ),
    Transition((_S.ACCEPTED,), FeeAsked, _SYSTEM, fee_transitions.asked, (_S.FEE_DUE,)),
    Transition((_S.FEE_DUE,), PaymentReported, _SYSTEM, fee_transitions.paid, (_S.PAID,)),
    Transition(
        tuple(s for s in _ALL if s is not _S.FEE_DUE), PaymentReported, _SYSTEM,
        fee_transitions.paid_beside,
    ),
    Transition((_S.PAID,), TicketGiven, _SYSTEM, fee_transitions.ticket, (_S.REGISTERED,)),
    Transition((_S.REGISTERED,), Seated, _STAFF, fee_transitions.seated, (_S.SEATED,)),
    Transition((_S.SEATED,), Seated, _STAFF, fee_transitions.seated),
    Transition(
        tuple(s for s in _ALL if s is not _S.LOCKED), Locked, _STAFF, review_transitions.locked,
        (_S.LOCKED,),
    ),
    Transition(_OPEN, Expired, _SYSTEM, review_transitions.expired, (_S.EXPIRED,)),
)  # fmt: skip
"""No two rows have a state and an event in common (tested)."""

TABLE: dict[tuple[Status, type[Event]], Transition] = {
    (status, row.event): row for row in ROWS for status in row.statuses
}

_OF_PEOPLE = (Role.CANDIDATE, Role.STAFF)
_ANY_TIME = (Locked, Seated)
"""What staff may do when the periods are over."""


def start(application_id: str, of_round: Round, event: Started) -> Step:
    """A new application. PeriodOver outside the registration period, RoleRefused; EventRefused
    for another version of the rules."""
    if event.by.role is not Role.CANDIDATE:
        raise _role_refused("Started", event.by.role)
    if not of_round.registration.holds(event.at):
        period = of_round.registration
        raise PeriodOver(
            f"Registration is open from {period.begins.isoformat()} to {period.ends.isoformat()}.",
            f"报名时间为 {period.begins.isoformat()} 至 {period.ends.isoformat()}。",
            ends=period.ends,
        )
    if event.consent != of_round.consent:
        raise EventRefused(
            f"The rules are now version {of_round.consent}: read them and agree.",
            f"报名须知已更新为 {of_round.consent} 版：请重新阅读并同意。",
            status=None,
            event="Started",
        )
    return Application(application_id, of_round, Status.DRAFT, event.consent), ()


def step(state: Application, event: Event) -> Step:
    """The next state and what is to be done. EventRefused, RoleRefused, PeriodOver, DataRefused;
    then nothing has changed."""
    name = type(event).__name__
    row = TABLE.get((state.status, type(event)))
    if row is None:
        raise EventRefused(
            f"This cannot be done now, the application is {state.status}: load the page again.",
            f"当前状态为 {state.status}，不能进行此操作：请刷新页面。",
            status=state.status,
            event=name,
        )
    if event.by.role is not row.role:
        raise _role_refused(name, event.by.role)
    if row.role in _OF_PEOPLE and not isinstance(event, _ANY_TIME):
        check_in_time(state, event.at)
    after, effects = row.handler(state, event)
    return replace(after, version=state.version + 1), effects


def _role_refused(event: str, role: Role) -> RoleRefused:
    return RoleRefused(
        f"This is not for {role} to do.", "您无权进行此操作。", role=role, event=event
    )
