"""The application's table: the road, its rules, and what holds whatever comes in what order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.core import events as e
from enrolment.core.application import Application
from enrolment.core.deadlines import deadline
from enrolment.core.effects import AssignTicket, Booked, BookPayment, Effect, Tell
from enrolment.core.event_json import KINDS, from_json, to_json
from enrolment.core.events import Event, Role
from enrolment.core.messages import MESSAGES
from enrolment.core.reasons import SENTENCES, CandidateReason
from enrolment.core.replay import replay
from enrolment.core.status import Status
from enrolment.core.transitions import ROWS, TABLE, start, step
from enrolment.errors import DataRefused, EventRefused, PeriodOver, RoleRefused
from tests.examples import examples
from tests.roster_making import citizen
from tests.unit.enrolment.world import (
    CANDIDATE,
    DATA,
    ROUND,
    STAFF,
    SYSTEM,
    T0,
    after,
    days,
    later,
    payment,
    road,
    started,
    walked,
)

ROAD = "draft draft submitted card_read live_checked photo_accepted signed verified under_review"
FACE = (CandidateReason.FACE_DIFFERS,)


def test_the_road_ends_at_a_seat() -> None:
    statuses = [walked(n).status for n in range(1, 15)]
    assert statuses == [*ROAD.split(), "accepted", "fee_due", "paid", "registered", "seated"]


def test_no_two_rows_share_state_and_event() -> None:
    assert len(TABLE) == sum(len(row.statuses) for row in ROWS)


def test_every_kind_of_event_has_a_row_and_a_name() -> None:
    assert {row.event for row in ROWS} | {e.Started} == set(KINDS.values())


def test_every_reason_says_what_to_do() -> None:
    assert set(SENTENCES) == set(CandidateReason)
    assert all(len(s.zh) >= 6 and len(s.en) > 20 for s in SENTENCES.values())


# -- failures ----------------------------------------------------------------------------------


def failed(at_min: float) -> Event:
    return e.CardChecked(at=T0 + timedelta(minutes=at_min), by=SYSTEM, reasons=FACE)


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        ((0, 1), "submitted"),
        ((0, 1, 2), "closed_to_manual"),
        ((0, 1, 119.9), "closed_to_manual"),
        ((0, 1, 120), "submitted"),
        ((0, 1, 120, 120.5), "closed_to_manual"),
        ((0, 60, 120, 180, 240), "submitted"),
    ],
)
def test_the_third_failure_within_two_hours_closes(minutes: Sequence[float], status: str) -> None:
    state = after(walked(3), *map(failed, minutes))
    assert state.status == status
    assert state.told == FACE


def test_a_manual_approval_leads_back_to_the_photo() -> None:
    state = after(walked(3), *map(failed, (0, 1, 2)))
    state = after(state, e.ManualRequested(at=T0, by=CANDIDATE, proofs=("p",)))
    state = after(state, e.ManualDecided(at=T0, by=STAFF, approved=True, face_compared=True))
    assert state.status is Status.LIVE_CHECKED
    assert state.failures == ()
    state = after(state, *road()[5:7], e.IdentityChecked(at=T0, by=SYSTEM, reasons=FACE))
    assert state.status is Status.VERIFIED


def test_a_manual_approval_without_a_look_at_the_face_does_not_stand_for_one() -> None:
    state = after(walked(3), *map(failed, (0, 1, 2)))
    state = after(state, e.ManualRequested(at=T0, by=CANDIDATE, proofs=("p",)))
    state = after(state, e.ManualDecided(at=T0, by=STAFF, approved=True), *road()[5:7])
    assert after(state, e.IdentityChecked(at=T0, by=SYSTEM, reasons=FACE)).status == "signed"


# -- data --------------------------------------------------------------------------------------


def renamed(**changed: object) -> Event:
    return e.DataChanged(at=T0, by=CANDIDATE, data=replace(DATA, **changed))


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8, 9])
def test_name_and_number_are_frozen_once_the_card_confirmed_them(count: int) -> None:
    for changed in ({"name": "李四"}, {"number": citizen(2)}):
        with pytest.raises(EventRefused):
            step(walked(count), renamed(**changed))


def test_other_data_may_change_after_it() -> None:
    state = after(walked(8), renamed(school="二中", level="gqb"))
    assert state.data is not None
    assert state.data.school == "二中"


def test_under_review_only_the_phone_may_change() -> None:
    after(walked(9), renamed(phone="13900000000"))
    with pytest.raises(EventRefused):
        step(walked(9), renamed(level="gqb"))


def test_a_name_that_the_identity_service_refuses_may_be_corrected() -> None:
    told = e.IdentityChecked(at=T0, by=SYSTEM, reasons=(CandidateReason.NAME_DIFFERS,))
    state = after(walked(7), told, renamed(name="王晓明"), road()[6], road()[7])
    assert state.status is Status.VERIFIED


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""}, {"name": "<b>王</b>"}, {"name": "王😀"}, {"number": "420111199001011111"},
        {"phone": "12"}, {"district": "x"}, {"level": "x"}, {"subjects": ()}, {"subjects": ("x",)},
        {"school": "\x00"},
    ],
)  # fmt: skip
def test_a_wrong_form_is_refused_with_its_field(changed: dict[str, object]) -> None:
    with pytest.raises(DataRefused) as refused:
        step(walked(1), renamed(**changed))
    assert [f.field for f in refused.value.facts["faults"]] == list(changed)  # type: ignore[attr-defined]


# -- periods -----------------------------------------------------------------------------------


def test_everything_is_locked_at_the_end_of_the_period_and_not_a_second_before() -> None:
    last = ROUND.registration.ends - timedelta(seconds=1)
    step(walked(2), later(road()[2], last))
    with pytest.raises(PeriodOver):
        step(walked(2), later(road()[2], ROUND.registration.ends))
    with pytest.raises(PeriodOver):
        step(walked(9), later(renamed(phone="13900000000"), ROUND.registration.ends))
    with pytest.raises(PeriodOver):
        start("a1", ROUND, started(ROUND.registration.ends))


@pytest.mark.parametrize("count", range(1, 12))
def test_it_expires_at_its_deadline_and_not_before(count: int) -> None:
    state = walked(count)
    ends = deadline(state)
    assert ends is not None
    with pytest.raises(EventRefused):
        step(state, e.Expired(at=ends - timedelta(seconds=1), by=SYSTEM))
    assert after(state, e.Expired(at=ends, by=SYSTEM)).status is Status.EXPIRED


@pytest.mark.parametrize("count", [12, 13, 14])
def test_who_has_paid_never_expires(count: int) -> None:
    with pytest.raises(EventRefused):
        step(walked(count), e.Expired(at=days(999), by=SYSTEM))


# -- review and fee ----------------------------------------------------------------------------


def review(outcome: str, **more: object) -> Event:
    return e.ReviewDecided(at=T0, by=STAFF, outcome=e.ReviewOutcome(outcome), **more)  # type: ignore[arg-type]


def test_there_is_one_correction() -> None:
    asked = review("correct", why="不清晰", lacking=("residence", "diploma"))
    state = after(walked(9), asked)
    with pytest.raises(DataRefused, match="diploma"):
        step(state, e.CorrectionHandedIn(at=T0, by=CANDIDATE, documents=("residence",)))
    both = ("residence", "diploma")
    state = after(state, e.CorrectionHandedIn(at=T0, by=CANDIDATE, documents=both))
    state = after(state, e.ReviewQueued(at=T0, by=SYSTEM))
    with pytest.raises(EventRefused):
        step(state, asked)
    assert after(state, review("pass")).status is Status.ACCEPTED


def test_a_refusal_needs_a_reason() -> None:
    with pytest.raises(DataRefused):
        step(walked(9), review("refuse"))


def test_documents_that_the_level_asks_for_must_all_be_there() -> None:
    data = replace(DATA, level="gqb")
    with pytest.raises(DataRefused, match="diploma"):
        step(walked(8, data), e.DocumentsHandedIn(at=T0, by=CANDIDATE, documents=("residence",)))
    exempt = walked(8, replace(data, exempt=True))
    after(exempt, e.DocumentsHandedIn(at=T0, by=CANDIDATE, documents=()))


def test_a_second_payment_is_booked_and_takes_no_fee() -> None:
    state, effects = step(walked(13), payment(name="p2"))
    assert effects[0] == BookPayment(Booked.DOUBLE, "p2", "o1", 10500)
    assert effects[1] == Tell("double_payment")
    assert step(state, payment(name="p2"))[1] == ()


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (payment(fen=1), Booked.WRONG_AMOUNT),
        (payment(order="other"), Booked.WRONG_AMOUNT),
        (payment(days(20)), Booked.UNCLAIMED),
    ],
)
def test_what_is_no_payment_of_the_fee_is_booked_beside(event: Event, kind: Booked) -> None:
    state, effects = step(walked(11), event)
    assert state.status is Status.FEE_DUE
    assert isinstance(effects[0], BookPayment)
    assert effects[0].kind is kind


def test_a_payment_made_in_time_counts_though_it_is_heard_of_late() -> None:
    late = replace(payment(days(19.9)), at=days(20.5))
    assert step(walked(11), late)[1][1] == AssignTicket()


@pytest.mark.parametrize("count", range(1, 14))
def test_nobody_does_what_is_another_roles(count: int) -> None:
    event = road()[count] if count < 14 else road()[13]
    wrong = next(r for r in Role if r is not event.by.role)
    with pytest.raises(RoleRefused):
        step(walked(count), replace(event, by=replace(event.by, role=wrong)))


# -- whatever comes ----------------------------------------------------------------------------

TIMES = st.floats(0, 22).map(days)
REASONS = st.sampled_from([(), (), FACE, (CandidateReason.NAME_DIFFERS,)])
DATAS = st.sampled_from([DATA, replace(DATA, name="王晓明"), replace(DATA, level="gqb")])
WORDS = {
    "consent": st.just("2027-1"),
    "data": DATAS,
    "reasons": REASONS,
    "photo": st.sampled_from(["", "ph"]),
    "signature": st.just("si"),
    "proofs": st.sampled_from([(), ("p",)]),
    "approved": st.booleans(),
    "face_compared": st.booleans(),
    "documents": st.sampled_from([(), ("residence", "diploma")]),
    "outcome": st.sampled_from([*e.ReviewOutcome, e.ReviewOutcome.PASS]),
    "lacking": st.sampled_from([(), ("residence",)]),
    "order": st.sampled_from(["o1", "o1", "o2"]),
    "fen": st.sampled_from([10500, 16500]),
    "payment": st.sampled_from(["p1", "p2", "p3"]),
    "paid_at": TIMES,
    "ticket": st.just("420111000001"),
    "seats": st.sampled_from([(), (e.SeatGiven("p", "s", "r", "1"),)]),
    "why": st.sampled_from(["", "因"]),
}


def event_of(kind: type[Event], role: Role) -> st.SearchStrategy[Event]:
    by = st.sampled_from([e.Actor(role, "x")] * 9 + [CANDIDATE])
    names = {name: WORDS[name] for name in kind.__dataclass_fields__ if name in WORDS}
    return st.builds(kind, at=TIMES, by=by, **names)


OF_STATUS = {
    status: st.one_of([event_of(r.event, r.role) for r in ROWS if status in r.statuses])
    for status in Status
}
FORWARD = {
    status: st.one_of(
        [event_of(r.event, r.role) for r in ROWS if status in r.statuses and r.leads_to
         and r.event not in (e.Locked, e.Expired)]
        or [OF_STATUS[status]]
    )
    for status in Status
}  # fmt: skip
ANY_EVENT = st.one_of([event_of(row.event, row.role) for row in ROWS])

NEEDS = {
    Status.SUBMITTED: "Submitted",
    Status.CARD_READ: "CardChecked",
    Status.LIVE_CHECKED: "LivenessChecked|ManualDecided",
    Status.PHOTO_ACCEPTED: "PhotoChecked",
    Status.SIGNED: "SignatureGiven",
    Status.VERIFIED: "IdentityChecked",
    Status.UNDER_REVIEW: "DocumentsHandedIn",
    Status.ACCEPTED: "ReviewDecided",
    Status.CORRECTION_ASKED: "ReviewDecided",
    Status.RESUBMITTED: "CorrectionHandedIn",
    Status.FEE_DUE: "FeeAsked",
    Status.PAID: "PaymentReported",
    Status.REGISTERED: "TicketGiven",
    Status.SEATED: "Seated",
    Status.MANUAL_REVIEW: "ManualRequested",
    Status.LOCKED: "Locked",
    Status.EXPIRED: "Expired",
}
"""The event without which nobody stands there."""


def check_step(before: Application, event: Event, state: Application) -> None:
    row = TABLE[before.status, type(event)]
    assert state.status in (before.status, *row.leads_to)
    assert state.version == before.version + 1
    if not before.identity_open and before.data is not None:
        assert state.data is not None
        assert (state.data.name, state.data.number) == (before.data.name, before.data.number)


@examples(120)
@given(st.data())
def test_whatever_comes_the_laws_hold(data: st.DataObject) -> None:
    behind = data.draw(st.integers(1, 14))
    state, events = walked(behind), road()[:behind]
    effects: list[Effect] = [BookPayment(b.kind, b.payment, b.order, b.fen) for b in state.bookings]
    for _ in range(data.draw(st.integers(0, 15))):
        forward = data.draw(st.integers(0, 9))
        event = data.draw(
            FORWARD[state.status] if forward < 7 else OF_STATUS[state.status] if forward < 9
            else ANY_EVENT
        )  # fmt: skip
        try:
            following, acts = step(state, event)
        except (EventRefused, RoleRefused, PeriodOver, DataRefused):
            continue
        check_step(state, event, following)
        state = following
        events.append(event)
        effects += acts
    kinds = {type(event).__name__ for event in events}
    needed = NEEDS.get(state.status)
    assert needed is None or any(kind in kinds for kind in needed.split("|"))
    assert replay("a1", [(ROUND, event) for event in events]) == state
    assert [from_json(to_json(event)) for event in events] == events
    fees = [x for x in effects if isinstance(x, BookPayment) and x.kind is Booked.FEE]
    assert len(fees) == state.fee_taken
    asked = sum(isinstance(x, AssignTicket) for x in effects)
    assert asked == (len(fees) if behind < 12 else 0)
    if state.status in (Status.PAID, Status.REGISTERED, Status.SEATED):
        assert len(fees) == 1
    payments = [x.payment for x in effects if isinstance(x, BookPayment)]
    assert len(payments) == len(set(payments))
    assert all(x.message in MESSAGES for x in effects if isinstance(x, Tell))


def test_what_does_not_begin_is_no_application() -> None:
    with pytest.raises(EventRefused):
        replay("a1", [(ROUND, event) for event in road()[1:]])
