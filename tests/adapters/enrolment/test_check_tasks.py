"""Uploads: one at a time, judged once, in the state that needs them."""

from datetime import timedelta

import pytest

from enrolment.check_worker import CheckWorker
from enrolment.core import events as e
from enrolment.core.events import Actor, Role
from enrolment.core.reasons import CandidateReason
from enrolment.core.status import Status
from enrolment.errors import CheckWaits, EventRefused
from enrolment.services.simulated import SimulatedChecks
from enrolment.store import check_tasks
from enrolment.store.check_tasks import LEASE, CheckKind
from tests.adapters.enrolment.making import Portal, data_of
from tests.unit.enrolment.world import T0


def submitted(portal: Portal) -> str:
    started = e.Started(at=T0, by=Actor(Role.CANDIDATE, "new"), consent="2027-1")
    state = portal.store.begin(started)
    by = {"at": T0, "by": Actor(Role.CANDIDATE, state.id)}
    portal.store.apply(state.id, e.DataChanged(**by, data=data_of(1)))
    return portal.store.apply(state.id, e.Submitted(**by)).id


def test_the_three_uploads_lead_to_an_accepted_photo(portal: Portal) -> None:
    one, worker = submitted(portal), CheckWorker(portal.store, SimulatedChecks())
    for kind in CheckKind:
        check_tasks.ask(portal.store, one, kind, kind.encode(), at=T0, digits="2345")
        assert worker.work(T0) == 1
    state = portal.store.load(one)
    assert state.status is Status.PHOTO_ACCEPTED
    assert portal.store.media.get(portal.store.round_id, state.photo) == b"photo"
    read = check_tasks.newest_outcome(portal.store, one, CheckKind.CARD)
    assert read is not None
    assert read.read["number"] == data_of(1).number


def test_a_second_upload_waits_for_the_first_and_another_state_takes_none(portal: Portal) -> None:
    one = submitted(portal)
    check_tasks.ask(portal.store, one, CheckKind.CARD, b"x", at=T0)
    with pytest.raises(CheckWaits):
        check_tasks.ask(portal.store, one, CheckKind.CARD, b"y", at=T0)
    CheckWorker(portal.store, SimulatedChecks()).work(T0)
    with pytest.raises(EventRefused):
        check_tasks.ask(portal.store, one, CheckKind.CARD, b"y", at=T0)


def test_what_nobody_can_judge_is_asked_again_and_counts_nothing(portal: Portal) -> None:
    one, checks = submitted(portal), SimulatedChecks(down=True)
    worker = CheckWorker(portal.store, checks)
    check_tasks.ask(portal.store, one, CheckKind.CARD, b"x", at=T0)
    assert worker.work(T0) == 0
    checks.down = False
    assert worker.work(T0) == 0, "its lease runs"
    assert worker.work(T0 + LEASE) == 1
    assert portal.store.load(one).failures == ()


def test_an_outcome_that_comes_twice_counts_once(portal: Portal) -> None:
    one = submitted(portal)
    checks = SimulatedChecks({"card": [CandidateReason.CARD_UNREADABLE] * 2})
    check_tasks.ask(portal.store, one, CheckKind.CARD, b"x", at=T0)
    slow = check_tasks.take(portal.store, T0)
    assert slow is not None
    worker = CheckWorker(portal.store, checks)
    assert worker.work(T0 + LEASE) == 1
    worker._keep(slow, checks.card(b"x", data_of(1)), T0 + LEASE + timedelta(seconds=1))
    state = portal.store.load(one)
    assert state.told == (CandidateReason.CARD_UNREADABLE,)
    assert len(state.failures) == 1
