"""A doubtful case wants two people: who signs, who is refused, and what a restart knows of it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.effects import OpenBarrier
from gate.core.events import (
    CandidateFound,
    CardRemoved,
    CaseSigned,
    CorrectionGiven,
    FaceDeclined,
    RecordRefused,
    RosterOpened,
    TimeElapsed,
    VerdictGiven,
)
from gate.core.exam import Exam
from gate.core.face_declined import FLAG
from gate.core.reasons import Reason
from gate.core.replay import replay
from gate.core.signer_names import signature_form
from gate.core.state import Phase, State
from gate.errors import NoSuchEntry, StorageRefused, UsageError
from tests.unit.gate.core.world import (
    ANNA,
    BEN,
    CARD,
    EXAM,
    GOOD,
    MORNING,
    Gate,
    exam_of,
    face,
    instant,
    laid,
    typed,
)

INVIGILATOR, CHIEF = "invigilator", "chief"


def staffed(state: State | None = None) -> Gate:
    gate = Gate(state=state or State())
    gate.feed(RosterOpened(EXAM, "v1", has_staff=True))
    return gate


def settle(case: str, by: str, *, admit: bool = True, role: str = INVIGILATOR) -> VerdictGiven:
    return VerdictGiven(case, admit, by, None, f"seen by {by}", instant(), role)


def sign(case: str, by: str, role: str = INVIGILATOR) -> CaseSigned:
    return CaseSigned(case, by, role, instant())


def correct(case: str, by: str, *, admit: bool = False) -> CorrectionGiven:
    return CorrectionGiven(case, admit, by, INVIGILATOR, "mistaken", instant())


def commit_all(gate: Gate) -> bool:
    """Whether the barrier opened meanwhile."""
    opened = False
    while gate.asked:
        gate.commit()
        opened = opened or gate.barrier
    return opened


def kinds(gate: Gate) -> list[str]:
    return [e["kind"] for e in gate.journal if e["kind"] in ("signature", "verdict", "case")]


def memory(state: State) -> tuple[Any, ...]:
    cases = [
        (u.decision, u.reason, u.acknowledged, u.earlier, u.admitted, u.signatures)
        for u in state.unsettled
    ]
    settled = {
        k: (s.admit, s.by, s.second, s.at, s.corrections, s.signatures)
        for k, s in state.settled.items()
    }
    failed = {k: [(f.reason, f.recorded) for f in v] for k, v in state.failed.items()}
    return state.entered, cases, settled, failed, state.has_staff


# -- two people ----------------------------------------------------------------------------------


@pytest.mark.parametrize("admit", [True, False])
def test_a_doubtful_case_is_settled_by_two_in_that_order(admit: bool) -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1", admit=admit))
    assert not commit_all(gate)
    (first,) = gate.state.unsettled[0].signatures
    assert (first.by, first.role, first.admit, first.note) == (
        "i-1",
        INVIGILATOR,
        admit,
        "seen by i-1",
    )
    assert not gate.state.inside
    gate.feed(sign(case, "i-2"))
    assert commit_all(gate) is admit
    assert kinds(gate) == ["signature", "signature", "verdict"]
    verdict = gate.journal[-1]
    assert (verdict["by"], verdict["second"], verdict["decision"]) == ("i-1", "i-2", case)
    assert [e["verdict"] for e in gate.journal if e["kind"] == "signature"] == (
        ["admit" if admit else "deny"] * 2
    )
    assert (("am", ANNA.key) in gate.state.inside) is admit
    assert not gate.state.unsettled


def test_a_signature_silences_the_lamps_and_admits_nobody() -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    gate.commit()
    assert gate.state.unsettled[0].acknowledged
    assert gate.lamps == [""]
    assert not gate.of(OpenBarrier)


@pytest.mark.parametrize("again", ["i-1", "I-1", " i-1 ", "ｉ-1", "i\u200b-1", "\u202ei-1\u202c"])
def test_the_first_person_does_not_sign_twice(again: str) -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    commit_all(gate)
    before = gate.state
    with pytest.raises(UsageError, match="somebody else must confirm"):
        gate.feed(sign(case, again))
    assert gate.state == before


def test_a_settle_that_is_posted_twice_is_done_and_not_recorded_twice() -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    commit_all(gate)
    before = gate.state
    assert gate.feed(settle(case, "i-1")) == ()
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    after = gate.state
    for posted in (settle(case, "i-1"), sign(case, "i-2"), sign(case, "i-1")):
        assert gate.feed(posted) == ()
    assert gate.state == after != before
    assert kinds(gate) == ["signature", "signature", "verdict"]


def test_a_stale_page_is_told_by_whom_and_when() -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    commit_all(gate)
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    for late in (settle(case, "i-3"), settle(case, "i-1", admit=False), sign(case, "i-3")):
        with pytest.raises(NoSuchEntry, match="is settled: admit, by i-1 and i-2 at 08:45"):
            gate.feed(late)


def test_two_invigilators_at_once_the_second_is_told_of_the_first() -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    with pytest.raises(UsageError, match="try again"):
        gate.feed(settle(case, "i-2"))
    commit_all(gate)
    with pytest.raises(UsageError, match="i-1 has signed already at 08:45: admit"):
        gate.feed(settle(case, "i-2"))
    with pytest.raises(UsageError, match="i-1 has signed another verdict at 08:45: admit"):
        gate.feed(settle(case, "i-2", admit=False))
    assert kinds(gate) == ["signature"]


def test_who_signed_alone_may_change_their_mind_and_so_may_the_chief() -> None:
    gate = staffed()
    case = gate.refer()
    for changed in (
        settle(case, "i-1"),
        settle(case, "i-1", admit=False),
        settle(case, "c-1", admit=True, role=CHIEF),
    ):
        gate.feed(changed)
        commit_all(gate)
    assert [(s.by, s.admit) for s in gate.state.unsettled[0].signatures] == [("c-1", True)]
    gate.feed(sign(case, "i-1"))
    assert commit_all(gate)
    assert (gate.journal[-1]["by"], gate.journal[-1]["second"]) == ("c-1", "i-1")


def test_nobody_confirms_what_nobody_signed() -> None:
    gate = staffed()
    case = gate.refer()
    with pytest.raises(UsageError, match="Nobody has signed"):
        gate.feed(sign(case, "i-2"))
    with pytest.raises(NoSuchEntry, match="No unsettled"):
        gate.feed(sign("e-99", "i-2"))


def test_with_staff_nobody_signs_for_somebody_else() -> None:
    gate = staffed()
    case = gate.refer()
    with pytest.raises(UsageError, match="own PIN"):
        gate.feed(replace(settle(case, "i-1"), second="i-2"))


@pytest.mark.parametrize("reason", [Reason.NO_FACE, Reason.SEVERAL_FACES])
def test_what_is_not_doubtful_wants_one(reason: Reason) -> None:
    gate = staffed()
    gate.feed(settle(gate.refer(reason), "i-1"))
    assert commit_all(gate)
    assert kinds(gate) == ["verdict"]


@pytest.mark.parametrize("signatures", [1, 2])
def test_the_paper_says_how_many(signatures: int) -> None:
    gate = Gate()
    exam = exam_of(replace(MORNING, signatures=signatures))
    gate.feed(RosterOpened(exam, "v2", has_staff=True))
    gate.feed(settle(gate.refer(), "i-1"))
    assert commit_all(gate) is (signatures == 1)


def test_a_doubt_once_raised_wants_two_whatever_followed() -> None:
    gate = staffed()
    gate.refer(Reason.FACE_MISMATCH)
    gate.feed(settle(gate.refer(Reason.NO_FACE), "i-1"))
    assert not commit_all(gate)
    assert kinds(gate) == ["signature"]


def test_a_newer_refer_is_signed_anew() -> None:
    """Whoever signed has not compared who stands there now."""
    gate = staffed()
    first = gate.refer()
    gate.feed(settle(first, "i-1"))
    commit_all(gate)
    second = gate.refer()
    assert gate.state.unsettled[0].signatures == ()
    with pytest.raises(NoSuchEntry, match=f"followed by {second}"):
        gate.feed(sign(first, "i-2"))
    with pytest.raises(UsageError, match="Nobody has signed"):
        gate.feed(sign(second, "i-2"))


def test_a_roster_without_staff_is_as_it_was() -> None:
    gate = Gate()
    gate.feed(replace(settle(gate.refer(), "Wang"), second="Li"))
    assert commit_all(gate)
    assert kinds(gate) == ["verdict"]
    assert gate.journal[-1]["second"] == "Li"


# -- the journal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("finisher", ["settle", "sign"])
def test_the_power_goes_between_signature_and_verdict(finisher: str) -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    commit_all(gate)
    gate.feed(sign(case, "i-2"))
    gate.commit()  # the signature; then the power goes
    again = Gate(state=replay(State(), gate.journal))
    assert not again.state.inside
    again.feed(RosterOpened(EXAM, "v1", has_staff=True))
    assert len(again.state.unsettled[0].signatures) == 2
    again.feed(settle(case, "i-1") if finisher == "settle" else sign(case, "i-2"))
    commit_all(again)
    assert kinds(again) == ["verdict"]
    assert (again.journal[-1]["by"], again.journal[-1]["second"]) == ("i-1", "i-2")


def test_a_signature_that_was_not_written_does_not_count() -> None:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    gate.asked.clear()
    gate.feed(RecordRefused())
    assert gate.state.signing is None
    assert gate.state.unsettled[0].signatures == ()
    with pytest.raises(StorageRefused):
        gate.feed(settle(case, "i-1"))


def test_before_its_roster_a_restarted_gate_wants_two_all_the_same() -> None:
    gate = staffed()
    case = gate.refer()
    again = Gate(state=replay(State(), gate.journal))
    assert again.state.has_staff
    again.feed(settle(case, "i-1"))
    assert not commit_all(again)
    assert kinds(again) == ["signature"]


def test_a_signature_while_somebody_is_looked_at() -> None:
    """The face's own answer is not taken for the signature's, nor the other way round."""
    gate = staffed()
    case = gate.refer()
    gate.to_matching(BEN)
    gate.feed(settle(case, "i-1"))
    gate.feed(GOOD)
    assert [r.kind for r in gate.asked] == ["signature", "decision"]
    commit_all(gate)
    assert ("am", BEN.key) in gate.state.inside
    assert len(gate.state.unsettled[0].signatures) == 1


def test_an_admission_by_face_is_not_stopped_by_one_signature() -> None:
    gate = staffed()
    case = gate.refer()
    gate.to_matching()
    gate.feed(settle(case, "i-1"))
    gate.feed(GOOD)
    commit_all(gate)
    assert gate.journal[-1]["reason"] == "OK"


# -- corrections ---------------------------------------------------------------------------------


def admitted_by_two() -> tuple[Gate, str]:
    gate = staffed()
    case = gate.refer()
    gate.feed(settle(case, "i-1"))
    commit_all(gate)
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    return gate, case


def test_a_correction_wants_two_and_takes_back_who_was_let_in() -> None:
    gate, case = admitted_by_two()
    before = list(gate.journal)
    gate.feed(correct(case, "i-2"))
    commit_all(gate)
    assert ("am", ANNA.key) in gate.state.inside
    with pytest.raises(UsageError, match="somebody else"):
        gate.feed(sign(case, "i-2"))
    gate.feed(sign(case, "i-3"))
    assert not commit_all(gate)
    assert gate.journal[: len(before)] == before
    last = gate.journal[-1]
    assert (last["kind"], last["change"], last["case"]) == ("case", "correction", case)
    assert (last["was"], last["outcome"], last["by"], last["second"]) == (
        "ADMIT",
        "REFUSE",
        "i-2",
        "i-3",
    )
    assert not gate.state.inside
    gate.feed(correct(case, "i-1", admit=True))
    commit_all(gate)
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    assert ("am", ANNA.key) in gate.state.inside
    assert memory(replay(State(), gate.journal)) == memory(gate.state)


def test_a_correction_takes_back_nobody_who_was_let_in_by_another_word() -> None:
    gate = staffed()
    first = gate.refer()
    gate.feed(settle(first, "i-1", admit=True))
    commit_all(gate)
    gate.feed(sign(first, "i-2"))
    commit_all(gate)
    gate.now = replace(gate.now, at=gate.now.at.replace(minute=50))
    second = _already(gate)
    gate.feed(settle(second, "i-1"))
    commit_all(gate)
    gate.feed(correct(first, "i-1"))
    commit_all(gate)
    gate.feed(sign(first, "i-2"))
    commit_all(gate)
    assert ("am", ANNA.key) in gate.state.inside


def _already(gate: Gate) -> str:
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    gate.commit()
    return gate.state.unsettled[-1].decision


def test_a_correction_of_nothing_is_told() -> None:
    gate, case = admitted_by_two()
    with pytest.raises(UsageError, match="settled so already"):
        gate.feed(correct(case, "i-3", admit=True))
    with pytest.raises(NoSuchEntry, match="No settled case"):
        gate.feed(correct("e-99", "i-1"))
    open_case = gate.refer(who=BEN)
    with pytest.raises(NoSuchEntry, match="is open"):
        gate.feed(correct(open_case, "i-1"))


def test_a_correction_posted_twice_is_done() -> None:
    gate, case = admitted_by_two()
    gate.feed(correct(case, "i-1"))
    commit_all(gate)
    assert gate.feed(correct(case, "i-1")) == ()
    with pytest.raises(UsageError, match="i-1 has signed already"):
        gate.feed(correct(case, "i-2"))
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    assert gate.feed(correct(case, "i-1")) == ()
    assert kinds(gate)[3:] == ["signature", "signature", "case"]


# -- who declines the face, whatever else the REFER is for -----------------------------------------

DECLINING = replace(ANNA, key="declines", flags=frozenset({FLAG}))
NOTICE_WANTED = exam_of(replace(MORNING, requires=("notice",)))
EXPIRED_CARD = replace(CARD, valid_to=date(2027, 4, 1))
NO_FACE_SEEN = {
    "papers": (NOTICE_WANTED, CARD, Reason.PAPERS_CHECK),
    "expired": (EXAM, EXPIRED_CARD, Reason.DOCUMENT_EXPIRED),
}


def _staffed_with(exam: Exam) -> Gate:
    gate = Gate(state=State())
    gate.feed(RosterOpened(exam, "v1", has_staff=True))
    return gate


@pytest.mark.parametrize("which", NO_FACE_SEEN)
def test_who_declined_the_face_is_let_in_by_two_whatever_the_refer_is_for(which: str) -> None:
    exam, card, reason = NO_FACE_SEEN[which]
    gate = _staffed_with(exam)
    gate.feed(laid(card=card))
    gate.feed(CandidateFound(DECLINING))
    gate.commit()
    case = gate.state.unsettled[-1]
    assert (case.reason, case.facts["declined"]) == (reason, True)
    gate.feed(settle(case.decision, "i-1"))
    assert not commit_all(gate)
    gate.feed(sign(case.decision, "i-2"))
    assert commit_all(gate)
    assert kinds(gate) == ["signature", "signature", "verdict"]
    gate.feed(correct(case.decision, "i-1"))
    commit_all(gate)
    assert ("am", DECLINING.key) in gate.state.inside, "taking it back wants two as well"
    assert memory(replay(State(), gate.journal)) == memory(gate.state)


@pytest.mark.parametrize("which", NO_FACE_SEEN)
def test_who_did_not_decline_is_let_in_by_one(which: str) -> None:
    exam, card, reason = NO_FACE_SEEN[which]
    gate = _staffed_with(exam)
    gate.feed(laid(card=card))
    gate.feed(CandidateFound(ANNA))
    gate.commit()
    assert gate.state.unsettled[-1].reason is reason
    gate.feed(settle(gate.state.unsettled[-1].decision, "i-1"))
    assert commit_all(gate)


def test_a_face_once_declined_stays_declined_with_the_case() -> None:
    """The card is laid again, and the next REFER is for something else."""
    gate = staffed()
    gate.feed(laid())
    gate.feed(CandidateFound(DECLINING))
    gate.commit()
    gate.feed(CardRemoved(instant()))
    gate.refer(Reason.NO_FACE, who=replace(DECLINING, flags=frozenset()))
    case = gate.state.unsettled[-1]
    assert (case.reason, case.facts["declined"]) == (Reason.NO_FACE, True)
    gate.feed(settle(case.decision, "i-1"))
    assert not commit_all(gate)
    assert memory(replay(State(), gate.journal)) == memory(gate.state)


# -- whatever happens ----------------------------------------------------------------------------

PEOPLE = ["i-1", "I-1 ", "ｉ-1", "i-2", "i-3", "c-1"]
ASKED = st.tuples(
    st.sampled_from(
        ["settle", "sign", "correct", "decline", "card", "expired", "typed", "commit", "wait"]
    ),
    st.sampled_from(PEOPLE),
    st.booleans(),
    st.integers(0, 3),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ASKED, min_size=1, max_size=60), st.booleans())
def test_nobody_is_let_in_by_fewer_people_than_are_asked_for(asked: Any, papers: bool) -> None:
    gate = staffed()
    gate.refer()
    if papers:
        gate.feed(RosterOpened(NOTICE_WANTED, "v2", has_staff=True))
        gate.feed(laid())
        gate.feed(CandidateFound(DECLINING))
        gate.commit()
    for what, by, admit, number in asked:
        _do(gate, what, by, admit, number)
        assert gate.state.phase is not Phase.OUT_OF_SERVICE
    commit_all(gate)
    for at, event in enumerate(gate.journal):
        if event["kind"] == "verdict" and event["outcome"] == "ADMIT":
            _has_its_signatures(gate.journal[:at], event["decision"], event, corrects=False)
        if event["kind"] == "case" and event["change"] == "correction":
            _has_its_signatures(gate.journal[:at], event["case"], event, corrects=True)
    again = replay(State(), gate.journal)
    assert memory(again) == memory(gate.state)


def _do(gate: Gate, what: str, by: str, admit: bool, number: int) -> None:
    cases = [u.decision for u in gate.state.unsettled] + list(gate.state.settled)
    case = cases[number % len(cases)] if cases else "e-1"
    role = CHIEF if by == "c-1" else INVIGILATOR
    try:
        match what:
            case "settle":
                gate.feed(settle(case, by, admit=admit, role=role))
            case "sign":
                gate.feed(sign(case, by, role))
            case "correct":
                gate.feed(correct(case, by, admit=admit))
            case "decline":
                gate.feed(FaceDeclined(by, instant()))
            case "card":
                gate.feed(laid())
            case "expired":
                gate.feed(laid(card=EXPIRED_CARD))
            case "typed":
                gate.feed(typed())
            case "commit" if gate.asked:
                gate.commit()
            case "wait":
                _answer(gate, admit=admit, number=number)
    except (UsageError, NoSuchEntry):
        return


def _answer(gate: Gate, *, admit: bool, number: int) -> None:
    if gate.state.phase is Phase.LOOKING_UP:
        gate.feed(CandidateFound((ANNA, BEN, DECLINING)[number % 3]))
    elif gate.state.phase is Phase.MATCHING:
        gate.feed(GOOD if admit else face(Reason.FACE_MISMATCH))
    elif not gate.asked:
        gate.feed(CardRemoved(instant()) if admit else TimeElapsed(gate.state.token))


def _has_its_signatures(
    before: list[dict[str, Any]], case: str, settled: dict[str, Any], *, corrects: bool
) -> None:
    referred = next(e for e in before if e["id"] == case)
    by_people = settled["doubtful"] or referred["key"] == DECLINING.key
    wanted = 2 if by_people or referred["reason"] == "FACE_DECLINED" else 1
    signers = {settled["by"], settled["second"]} - {None}
    assert len({signature_form(s) for s in signers}) >= wanted
    if wanted > 1:
        signed = {
            e["by"]
            for e in before
            if (e["kind"], e.get("case"), e.get("corrects")) == ("signature", case, corrects)
            and (e["verdict"] == "admit") == (settled["outcome"] == "ADMIT")
        }
        assert signers <= signed
