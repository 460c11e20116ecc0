"""Events, effects, cases and payments in a real database: once, in order, by one person."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from enrolment.core import events as e
from enrolment.core.events import Actor, Role
from enrolment.core.reasons import CandidateReason
from enrolment.core.status import Status
from enrolment.errors import (
    CallbackForged,
    EventRefused,
    NumberTaken,
    PeriodOver,
    VersionConflict,
)
from enrolment.handover.report import differing, report
from enrolment.services.payment_messages import read_callback, read_reconciliation
from enrolment.services.payments import reconcile, take_payment
from enrolment.store.chain import verify
from enrolment.store.opening import writing
from enrolment.store.review_cases import LEASE, Reviewer, decide, next_case
from enrolment.store.round_rows import save_round
from gate.errors import InputDamaged, Refused, StorageDamaged
from tests.adapters.enrolment.making import OFFICES_CSV, ROUND_ID, ROUND_TOML, Portal, data_of
from tests.unit.enrolment.world import T0, days

BOTH = frozenset({"420111", "420106"})


def changed(state_id: str, **data: object) -> e.Event:
    return e.DataChanged(at=T0, by=Actor(Role.CANDIDATE, state_id), data=data_of(1, **data))


def test_the_whole_road_leads_to_a_ticket_number(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    assert state.status is Status.FEE_DUE
    take_payment(portal.store, portal.payments.pay(state.order, days(1)), days(1))
    portal.worker.work(days(1))
    assert portal.store.load(state.id).ticket == "420106000001"
    assert [text.split("：")[0] for _, text in portal.messages.sent.values()][-1] == "报名成功"
    assert portal.worker.work(days(2)) == 0
    found = report(portal.store)
    assert found.payments == {"fee": (1, 10500)}
    assert (found.open_effects, differing(portal.store)) == (0, ())


def test_two_tabs_at_once_do_not_overwrite_each_other(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    portal.store.apply(state.id, changed(state.id, phone="13900000000"), expected=state.version)
    with pytest.raises(VersionConflict):
        portal.store.apply(state.id, changed(state.id, phone="13900000001"), expected=state.version)


def test_writers_of_one_application_take_turns(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    together, refused = Barrier(4), []

    def write(n: int) -> None:
        together.wait(30)
        event = changed(state.id, phone=f"1390000000{n}")
        try:
            portal.store.apply(state.id, event, expected=state.version)
        except VersionConflict:
            refused.append(n)

    threads = [Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 3
    assert portal.store.load(state.id).version == state.version + 1


def test_one_number_has_one_application(portal: Portal) -> None:
    portal.signed(data_of(1))
    started = e.Started(at=T0, by=Actor(Role.CANDIDATE, "x"), consent="2027-1")
    second = portal.store.begin(started)
    with pytest.raises(NumberTaken):
        portal.store.apply(second.id, changed(second.id))
    assert portal.store.load(second.id).version == 1


# -- effects -----------------------------------------------------------------------------------


def test_a_service_that_is_down_counts_nothing_and_is_asked_again(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    portal.identity.down = portal.messages.down = True
    assert portal.worker.work(T0) == 0
    assert portal.store.load(state.id).failures == ()
    portal.identity.down = portal.messages.down = False
    assert portal.worker.work(T0 + timedelta(hours=1)) == 2
    assert portal.store.load(state.id).status is Status.VERIFIED


def test_an_answer_that_comes_twice_counts_once(portal: Portal) -> None:
    portal.identity.strangers.add(data_of(1).number)
    state = portal.signed(data_of(1))
    with writing(portal.store.engine) as connection:
        from enrolment.store.effect_rows import take

        effect = take(connection, ROUND_ID, T0)
    assert effect is not None
    answer = e.IdentityChecked(
        at=T0, by=Actor(Role.SYSTEM, "identity"), reasons=(CandidateReason.FACE_DIFFERS,)
    )
    for _ in range(3):
        after = portal.store.apply(state.id, answer, cause=effect.key)
    assert len(after.failures) == 1


def test_what_a_dead_worker_left_another_one_takes_after_the_lease(portal: Portal) -> None:
    from enrolment.store.effect_rows import LEASE as EFFECT_LEASE
    from enrolment.store.effect_rows import take

    portal.signed(data_of(1))
    with writing(portal.store.engine) as connection:
        assert take(connection, ROUND_ID, T0) is not None
    assert portal.worker.work(T0 + EFFECT_LEASE - timedelta(seconds=1)) == 0
    assert portal.worker.work(T0 + EFFECT_LEASE) == 2


def test_an_answer_after_the_lock_changes_nothing(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    locked = e.Locked(at=T0, by=Actor(Role.STAFF, "chief"), why="伪造")
    portal.store.apply(state.id, locked)
    portal.worker.work(T0)
    assert portal.store.load(state.id).status is Status.LOCKED
    assert report(portal.store).open_effects == 0


# -- payments ----------------------------------------------------------------------------------


def test_a_payment_is_once_whatever_comes_of_it(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    first = portal.payments.pay(state.order, days(1))
    callback = portal.payments.callback(first)
    known = read_callback(callback, portal.payments.key)
    assert [take_payment(portal.store, known, days(1)) for _ in range(3)] == [True, False, False]
    second = portal.payments.pay(state.order, days(2))
    assert reconcile(portal.store, [first, second], days(3)) == 1
    portal.worker.work(days(3))
    assert report(portal.store).payments == {"fee": (1, 10500), "double": (1, 10500)}
    assert portal.store.load(state.id).status is Status.REGISTERED


def test_a_missing_callback_is_found_by_reconciliation(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    portal.payments.pay(state.order, days(19.9))
    text_of_file = portal.payments.reconciliation(days(20))
    assert reconcile(portal.store, read_reconciliation(text_of_file), days(20.5)) == 1
    assert portal.store.load(state.id).status is Status.PAID


def test_a_payment_after_expiry_or_for_nobody_is_booked_as_unclaimed(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    assert portal.store.expire(days(22)) == 1
    portal.payments.orders["other"] = 10500
    for order in (state.order, "other"):
        assert take_payment(portal.store, portal.payments.pay(order, days(22)), days(22))
    assert report(portal.store).payments == {"unclaimed": (2, 21000)}


def test_a_forged_or_damaged_callback_is_refused(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    payment = portal.payments.pay(state.order, days(1))
    with pytest.raises(CallbackForged):
        read_callback(portal.payments.forged(payment), portal.payments.key)
    good = portal.payments.callback(payment)
    with pytest.raises(CallbackForged):
        read_callback(replace_body(good, good.body.replace(b"105", b"1")), portal.payments.key)


def replace_body(callback: object, body: bytes) -> object:
    return callback._replace(body=body)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "line",
    [
        "p1,o1,10500", "p1,o1,-1,2027-01-05T14:00:00+08:00", "p1,o1,1e3,2027-01-05T14:00:00+08:00",
        "p1,o 1,10500,2027-01-05T14:00:00+08:00", "p1,o1,10500,2027-01-05T14:00:00", "p1,o1,1,x",
        "p1,o1,٣,2027-01-05T14:00:00+08:00",
    ],
)  # fmt: skip
def test_a_damaged_reconciliation_file_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(InputDamaged, match="line 2"):
        read_reconciliation(f"payment,order,fen,paid_at\n{line}\n")


# -- review ------------------------------------------------------------------------------------


def waiting_case(portal: Portal, n: int) -> str:
    state = portal.signed(data_of(n))
    portal.worker.work(T0)
    event = e.DocumentsHandedIn(
        at=T0, by=Actor(Role.CANDIDATE, state.id), documents=("residence", "diploma")
    )
    return portal.store.apply(state.id, event).id


PASS = e.ReviewDecided(at=T0, by=Actor(Role.STAFF, "r1"), outcome=e.ReviewOutcome.PASS)


def test_no_case_is_shown_to_two_people(portal: Portal) -> None:
    cases = {waiting_case(portal, n) for n in range(1, 7)}
    reviewers = [Reviewer(f"r{n}", BOTH) for n in range(8)]
    seen = [next_case(portal.store, reviewer, T0) for reviewer in reviewers]
    assert set(seen) == cases | {None}
    assert [next_case(portal.store, reviewer, T0) for reviewer in reviewers] == seen
    late = T0 + LEASE
    assert next_case(portal.store, Reviewer("r9", BOTH), late) in cases


def test_a_case_is_decided_by_who_has_it_and_in_their_district(portal: Portal) -> None:
    case = waiting_case(portal, 1)
    mine, other = Reviewer("r1", frozenset({"420106"})), Reviewer("r2", BOTH)
    assert next_case(portal.store, Reviewer("r3", frozenset({"420111"})), T0) is None
    assert next_case(portal.store, mine, T0) == case
    version = portal.store.load(case).version
    with pytest.raises(Refused):
        decide(portal.store, other, case, PASS, version)
    with pytest.raises(Refused):
        decide(portal.store, Reviewer("r1", frozenset({"420111"})), case, PASS, version)
    with pytest.raises(VersionConflict):
        decide(portal.store, mine, case, replace(PASS, at=T0 + LEASE), version)
    assert decide(portal.store, mine, case, PASS, version).status is Status.ACCEPTED
    with pytest.raises(VersionConflict):
        decide(portal.store, mine, case, PASS, version)


# -- round and chain ---------------------------------------------------------------------------


def test_what_happened_keeps_the_rules_of_its_time(portal: Portal) -> None:
    state = portal.fee_due(data_of(1))
    assert portal.store.expire(days(22)) == 1
    shorter = ROUND_TOML.replace("ends = 2027-01-15", "ends = 2027-01-06")
    longer = ROUND_TOML.replace("ends = 2027-01-25", "ends = 2027-03-25")
    for version, changed_text in enumerate((shorter, longer), 2):
        with writing(portal.store.engine) as connection:
            assert save_round(connection, ROUND_ID, changed_text, OFFICES_CSV, T0) == version
    assert portal.store.load(state.id).status is Status.EXPIRED
    assert differing(portal.store) == ()


def test_a_prolonged_round_expires_nobody_early(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    longer = ROUND_TOML.replace("2027-01-15", "2027-02-15").replace("2027-01-2", "2027-02-2")
    with writing(portal.store.engine) as connection:
        save_round(connection, ROUND_ID, longer, OFFICES_CSV, T0)
    assert portal.store.expire(days(12)) == 0
    event = e.IdentityChecked(at=days(12), by=Actor(Role.SYSTEM, "identity"))
    assert portal.store.apply(state.id, event).status is Status.VERIFIED


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET body = replace(body, 'signature', 'Signature') WHERE seq = 7",
        "UPDATE event SET at = '2027-01-01' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 7",
        "DELETE FROM event WHERE seq = 4",
        "UPDATE event SET application = 'x' WHERE seq = 2",
    ],
)
def test_a_changed_event_is_found(portal: Portal, damage: str) -> None:
    portal.signed(data_of(1))
    with writing(portal.store.engine) as connection:
        assert verify(connection, ROUND_ID) == 7
        assert connection.execute(text(damage)).rowcount == 1
        with pytest.raises(StorageDamaged):
            verify(connection, ROUND_ID)


def test_nobodys_name_or_number_stands_in_the_database(portal: Portal) -> None:
    portal.signed(data_of(1))
    portal.store.engine.dispose()
    folder = portal.store.media.root.parent
    everything = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    for said in (data_of(1).number, data_of(1).name, data_of(1).phone):
        assert said.encode() not in everything
        assert said.encode("unicode_escape") not in everything


def test_without_the_key_nothing_can_be_read_and_the_chain_still_holds(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    assert portal.store.media.shred(ROUND_ID) == 1
    with pytest.raises(InputDamaged):
        portal.store.load(state.id)
    with writing(portal.store.engine) as connection:
        assert verify(connection, ROUND_ID) == 7


def test_everything_ends_with_its_period(portal: Portal) -> None:
    state = portal.signed(data_of(1))
    assert portal.store.expire(days(10) - timedelta(seconds=1)) == 0
    late = e.SignatureGiven(at=days(10), by=Actor(Role.CANDIDATE, state.id), signature="si")
    with pytest.raises((PeriodOver, EventRefused)):
        portal.store.apply(state.id, late)
    assert portal.store.expire(days(10)) == 1
    assert portal.store.expire(days(10)) == 0
