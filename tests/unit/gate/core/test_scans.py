"""A scanned notice beside cards, staff and verdicts: who is asked for what, and what opens."""

from dataclasses import replace
from datetime import date

import pytest

from gate.core.card import USUAL_DOCUMENTS, DocumentKind
from gate.core.effects import JournalNote, JudgeFace, LookUpCard, LookUpTicket, Record, Show
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardRemoved,
    RosterOpened,
    ScanPresented,
)
from gate.core.exam import Candidate
from gate.core.reasons import Reason
from gate.core.scans import CARD_DUE_S
from gate.core.state import Phase
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    BEN,
    DISK_FULL,
    EXAM,
    GOOD,
    MORNING,
    Gate,
    candidate,
    exam_of,
    instant,
    laid,
    scanned,
    typed,
    unread,
    verdict,
)

TRAVEL = DocumentKind.TRAVEL_DOCUMENT
LENIENT = exam_of(
    replace(MORNING, documents=USUAL_DOCUMENTS | {DocumentKind.NOTICE, TRAVEL}), AFTERNOON
)


def with_notice(gate: Gate | None = None, who: Candidate = ANNA) -> Gate:
    """A notice was scanned and its candidate found; a card is due."""
    gate = gate or Gate()
    gate.feed(scanned())
    gate.feed(CandidateFound(who))
    return gate


def test_a_notice_asks_for_the_card_and_judges_nobody() -> None:
    gate = Gate()
    assert gate.feed(scanned()) == (LookUpTicket("270410000017"),)
    gate.feed(CandidateFound(ANNA))
    assert (gate.state.phase, gate.lamps) == (Phase.ASKING, ["yellow:steady"])
    assert gate.of(Show)[0].zh == "请放置身份证"
    assert gate.timers() == [CARD_DUE_S]
    assert not gate.of(JudgeFace)
    assert not gate.of(Record)


def test_the_card_that_follows_a_notice_is_a_visit_like_any_other() -> None:
    gate = with_notice()
    gate.admit()
    assert gate.barrier
    assert gate.journal[-1]["source"] == "card"
    gate.wait()
    assert (gate.state.phase, gate.lamps) == (Phase.IDLE, [""])


def test_no_card_within_its_time_calls_an_invigilator() -> None:
    gate = with_notice()
    gate.wait()
    body = gate.record()
    assert (body["outcome"], body["reason"]) == ("REFER", "DOCUMENT_NOT_ACCEPTED")
    assert (body["source"], body["document"], body["ticket"]) == ("scan", "notice", ANNA.ticket)
    assert (body["scanner"], body["by"], body["attempt"]) == ("door", None, None)
    gate.commit()
    assert (gate.lamps, gate.barrier) == (["yellow:slow"], False)
    gate.feed(verdict(gate.state.unsettled[0].decision))
    gate.commit()
    assert gate.state.inside == {("am", "ab12")}


def test_a_paper_that_accepts_the_notice_judges_the_face() -> None:
    gate = with_notice(Gate(LENIENT))
    assert gate.of(JudgeFace)
    gate.feed(GOOD)
    gate.commit()
    assert (gate.barrier, gate.journal[-1]["document"]) == (True, "notice")


@pytest.mark.parametrize(
    ("document", "exam", "reason"),
    [(TRAVEL, EXAM, "DOCUMENT_NOT_ACCEPTED"), (TRAVEL, LENIENT, "OK")],
)
def test_a_travel_document_is_a_document(document: DocumentKind, exam: object, reason: str) -> None:
    gate = Gate(exam)  # type: ignore[arg-type]
    assert gate.feed(scanned(document, "E12345678")) == (LookUpCard("E12345678"),)
    gate.feed(CandidateFound(ANNA))
    if reason == "OK":
        gate.feed(GOOD)
    assert gate.record()["reason"] == reason


def test_an_expired_travel_document_is_expired() -> None:
    gate = Gate(LENIENT)
    gate.feed(replace(scanned(TRAVEL, "E12345678"), valid_to=date(2027, 4, 9)))
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["reason"] == "DOCUMENT_EXPIRED"


def test_an_unknown_ticket_waits_for_the_card_which_may_say_where() -> None:
    gate = Gate()
    gate.feed(scanned())
    gate.feed(CandidateUnknown(""))
    assert gate.state.phase is Phase.ASKING
    gate.feed(laid())
    gate.feed(CandidateElsewhere("wh-hs-02", "ab"))
    assert gate.record()["reason"] == "WRONG_SITE"


def test_an_unknown_ticket_without_a_card_is_on_no_roster() -> None:
    gate = Gate()
    gate.feed(scanned())
    gate.feed(CandidateUnknown(""))
    gate.wait()
    assert gate.record()["reason"] == "NOT_ON_ROSTER"


def test_the_wrong_paper_is_told_by_the_notice_alone() -> None:
    gate = with_notice(who=candidate("pm"))
    assert gate.record()["reason"] == "WRONG_PAPER"


def test_an_untrusted_clock_asks_for_the_card_too() -> None:
    gate = Gate()
    gate.feed(scanned(trusted=False))
    gate.feed(CandidateFound(ANNA))
    assert gate.state.phase is Phase.ASKING
    gate.wait()
    assert gate.record()["reason"] == "CLOCK_UNTRUSTED"


# -- beside somebody else ------------------------------------------------------------------------


def test_a_notice_held_there_during_the_own_visit_is_nothing() -> None:
    gate = Gate().to_matching()
    before = gate.state
    assert gate.feed(scanned()) == ()
    assert gate.state == before


def test_a_notice_scanned_again_after_the_own_admission_alarms_nobody() -> None:
    gate = Gate().admit()
    gate.feed(scanned())
    assert gate.lamps == []  # the green lamp goes on
    gate.wait()
    assert gate.state.phase is Phase.LOOKING_UP
    gate.feed(CandidateFound(ANNA))
    assert (gate.state.phase, gate.lamps, gate.asked) == (Phase.IDLE, [""], [])


def test_the_next_persons_scan_waits_for_the_lamps_and_survives_the_last_card() -> None:
    gate = Gate().admit(BEN)
    gate.feed(scanned())
    gate.feed(CardRemoved(instant()))
    gate.wait()
    assert gate.effects == (LookUpTicket("270410000017"),)


def test_a_card_goes_before_a_scan() -> None:
    gate = Gate().admit(BEN)
    gate.feed(scanned())
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.state.waiting is None
    gate.feed(GOOD)
    gate.commit()
    gate.wait()
    assert gate.state.phase is Phase.IDLE


def test_a_card_that_waits_for_the_lamps_is_not_displaced_by_a_scan() -> None:
    gate = Gate().to_matching(BEN)
    gate.feed(laid())
    gate.feed(GOOD)
    gate.commit()
    assert gate.feed(scanned()) == ()
    gate.wait()
    assert gate.of(LookUpCard)


def test_a_card_laid_while_the_notice_is_looked_up_is_served_at_once() -> None:
    gate = Gate()
    gate.feed(scanned())
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.effects == (LookUpCard("420106199001011234"),)


def test_a_card_that_waits_goes_before_a_scan_at_rest() -> None:
    gate = Gate().to_matching()
    gate.feed(laid())
    for _ in range(3):
        gate.feed(replace(GOOD, reason=Reason.NO_FACE))
    gate.commit()
    assert gate.state.phase is Phase.IDLE
    assert gate.feed(scanned()) == ()
    gate.wait()
    assert gate.of(LookUpCard)


def test_a_second_notice_takes_the_place_of_the_first() -> None:
    gate = with_notice()
    gate.feed(scanned(value="270410000018"))
    gate.feed(CandidateFound(BEN))
    gate.wait()
    assert gate.record()["key"] == "ben"


def test_unreadable_cards_after_a_notice_still_name_the_candidate() -> None:
    gate = with_notice()
    gate.feed(unread())
    gate.wait()
    assert (gate.record()["reason"], gate.record()["key"]) == ("DOCUMENT_NOT_ACCEPTED", "ab12")


def test_staff_who_type_take_over_from_the_notice() -> None:
    gate = with_notice()
    gate.feed(typed())
    gate.feed(CandidateFound(ANNA))
    gate.feed(GOOD)
    gate.commit()
    gate.wait()
    assert (gate.state.phase, gate.asked) == (Phase.IDLE, [])


def test_a_verdict_shown_meanwhile_asks_for_the_card_again() -> None:
    gate = Gate()
    decision = gate.refer(who=BEN)
    with_notice(gate)
    gate.feed(verdict(decision))
    gate.commit()
    gate.wait()
    assert (gate.state.phase, gate.lamps) == (Phase.ASKING, ["yellow:steady"])


def test_let_in_by_staff_while_the_card_was_due() -> None:
    gate = Gate()
    decision = gate.refer()
    with_notice(gate)
    gate.feed(verdict(decision))
    gate.commit()
    gate.wait()
    assert (gate.state.phase, gate.asked) == (Phase.IDLE, [])


@pytest.mark.parametrize("event", [DISK_FULL, RosterOpened(EXAM, "v2")])
def test_a_fault_or_another_roster_ends_the_asking(event: object) -> None:
    gate = with_notice()
    gate.feed(event)
    assert gate.state.notice is None
    gate.wait()
    assert not gate.of(Record)


def test_a_fault_while_the_notice_is_looked_up() -> None:
    gate = Gate()
    gate.feed(scanned())
    gate.feed(DISK_FULL)
    gate.feed(CandidateFound(ANNA))
    assert gate.state.phase is Phase.OUT_OF_SERVICE
    assert gate.feed(scanned()) == ()
    assert not gate.of(JournalNote)


def test_a_scan_in_a_log_line_names_nobody() -> None:
    event = scanned(TRAVEL, "E12345678")
    assert isinstance(event, ScanPresented)
    assert "12345678" not in repr(event)
