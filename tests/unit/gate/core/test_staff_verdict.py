"""What staff's verdict comes to: whose signatures, which case, how late, and what moves."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gate.core.effects import Show
from gate.core.events import CandidateFound, Instant, RosterOpened
from gate.core.reasons import Reason
from gate.core.replay import replay
from gate.core.staff_verdict import told
from gate.core.state import Phase, State
from gate.errors import NoSuchEntry, UsageError
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    BEN,
    EXAM,
    GOOD,
    MORNING,
    WITHIN,
    Gate,
    at,
    exam_of,
    instant,
    laid,
    unread,
    verdict,
)

OPEN_DOOR = exam_of(replace(MORNING, reentry=True), AFTERNOON)


def after(seconds: float, *, wall_s: float | None = None, trusted: bool = True) -> Instant:
    """Later by the monotonic clock, and by the wall."""
    wall = WITHIN + timedelta(seconds=seconds if wall_s is None else wall_s)
    return Instant(wall, instant().mono_ns + int(seconds * 1e9), trusted)


def settled(gate: Gate, decision: str, **how: Any) -> dict[str, Any]:
    """The verdict's body, recorded."""
    gate.feed(verdict(decision, **how))
    body = gate.record()
    gate.commit()
    return body


# -- signatures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "second",
    [
        "Wang",
        "wang",
        " Wang\t",
        "W a n g",
        "Ｗａｎｇ",
        "Wa\u200bng",
        "\u202eWang\u202c",
        "Wang\ufe0f",
    ],
)
def test_one_person_signs_once(second: str) -> None:
    gate = Gate()
    decision = gate.refer()
    before = gate.state
    with pytest.raises(UsageError, match="somebody else must confirm"):
        gate.feed(verdict(decision, second=second))
    assert gate.state == before


@pytest.mark.parametrize("second", [None, "Li", "王", "Wang Li", "Wang2"])
def test_two_people_or_one_alone(second: str | None) -> None:
    gate = Gate()
    assert settled(gate, gate.refer(), second=second)["second"] == second
    assert gate.barrier


# -- how late ------------------------------------------------------------------------------------


@pytest.mark.parametrize("admit", [True, False])
@pytest.mark.parametrize(
    ("when", "age_s", "there"),
    [
        (after(0), 0.0, True),
        (after(119.9), 119.9, True),
        (after(120), 120.0, False),
        (after(5, wall_s=4500), 4500.0, False),
        (after(4500, wall_s=5), 4500.0, False),
        (after(5, wall_s=-4500), 5.0, True),
        (after(5, wall_s=4500, trusted=False), 5.0, True),
        (after(130, wall_s=5, trusted=False), 130.0, False),
    ],
)
def test_lamps_and_barrier_are_for_who_still_stands_there(
    when: Instant, age_s: float, there: bool, admit: bool
) -> None:
    gate = Gate()
    body = settled(gate, gate.refer(), admit=admit, when=when)
    assert (body["age_s"], body["barrier"]) == (age_s, admit and there)
    assert gate.barrier == (admit and there)
    assert gate.lamps == ([body["signals"][0]] if there else [""])
    assert gate.state.phase is (Phase.SHOWING if there else Phase.IDLE)
    assert gate.state.inside == ({("am", "ab12")} if admit else set())
    assert gate.state.unsettled == ()


def test_a_late_verdict_leaves_the_next_persons_lamps_alone() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.admit(BEN)
    settled(gate, decision, when=after(600))
    assert (gate.of(Show), gate.state.phase) == ([], Phase.SHOWING)


@pytest.mark.parametrize(("trusted", "barrier"), [(True, True), (False, False)])
def test_after_a_restart_only_a_trusted_wall_tells_the_age(trusted: bool, barrier: bool) -> None:
    gate = Gate()
    gate.now = replace(instant(), trusted=trusted)
    decision = gate.refer()
    again = Gate(state=replay(State(), gate.journal))
    again.feed(RosterOpened(EXAM, "v1"))
    body = settled(again, decision, when=after(30))
    assert (body["age_s"], again.barrier) == (30.0 if trusted else None, barrier)


def test_a_journal_of_an_earlier_version_is_replayed_and_settled() -> None:
    gate = Gate()
    decision = gate.refer()
    new = ("at", "mono_ms", "clock", "entered")
    old = [{k: v for k, v in event.items() if k not in new} for event in gate.journal]
    again = Gate(state=replay(State(), old))
    again.feed(RosterOpened(EXAM, "v1"))
    body = settled(again, decision)
    assert (body["age_s"], body["after"], again.barrier) == (None, [], False)
    assert again.state.inside == {("am", "ab12")}


# -- one case ------------------------------------------------------------------------------------


def test_a_newer_refer_takes_the_place_of_the_one_before() -> None:
    gate = Gate()
    first = gate.refer(Reason.FACE_MISMATCH)
    second = gate.refer(Reason.NO_FACE)
    other = gate.refer(Reason.NO_FACE, BEN)
    assert [u.decision for u in gate.state.unsettled] == [second, other]
    with pytest.raises(NoSuchEntry, match=f"followed by {second}"):
        gate.feed(verdict(first))
    body = settled(gate, second)
    assert (body["earlier"], body["referred"], body["doubtful"]) == ([first], "NO_FACE", True)
    assert [u.decision for u in gate.state.unsettled] == [other]
    for gone in (first, second):
        with pytest.raises(NoSuchEntry, match="is settled: admit, by Wang at 08:45"):
            gate.feed(verdict(gone))


def test_cards_that_could_not_be_read_are_a_case_each() -> None:
    gate = Gate()
    for _ in range(2):
        for _ in range(3):
            gate.feed(unread())
        gate.commit()
        gate.wait()
    assert len(gate.state.unsettled) == 2


# -- settled after admission, after the close ----------------------------------------------------


def test_settled_after_the_face_let_in() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.admit()
    gate.wait()
    body = settled(gate, decision, when=after(20))
    assert (body["after"], body["barrier"], body["signals"]) == (["admission"], False, [])
    assert not gate.barrier
    zh, en = told(body)
    assert "入场后处理" in zh
    assert en == (
        "The candidate has entered before: recorded as settled after admission. "
        "The barrier stays as it is."
    )


def test_one_case_gives_one_staff_admit() -> None:
    """Who comes again is ALREADY_ADMITTED; staff may let in once more, and the record says it."""
    gate = Gate()
    settled(gate, gate.refer())
    gate.wait()
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    gate.commit()
    (case,) = gate.state.unsettled
    assert case.reason is Reason.ALREADY_ADMITTED
    assert case.facts["entered"] == "2027-04-10T08:45:00.000+08:00"
    assert gate.of(Show)[0].facts == {"paper": "subject of am", "when": "08:45"}
    body = settled(gate, case.decision)
    assert (body["after"], body["barrier"]) == (["admission"], True)


@pytest.mark.parametrize(
    ("clock", "trusted", "said"),
    [
        ("09:14", True, []),
        ("09:15", True, ["close"]),
        ("10:30", True, ["close"]),
        ("10:30", False, []),
    ],
)
def test_settled_after_the_close(clock: str, trusted: bool, said: list[str]) -> None:
    gate = Gate()
    when = Instant(at(clock), after(60).mono_ns, trusted)
    body = settled(gate, gate.refer(), when=when)
    assert body["after"] == said
    assert ("after the close" in told(body)[1]) == bool(said)


def test_a_refer_just_before_the_close_opens_just_after_it() -> None:
    gate = Gate()
    gate.now = replace(instant(), at=at("09:14:30"))
    body = settled(gate, gate.refer(), when=Instant(at("09:15:30"), after(60).mono_ns, True))
    assert (body["after"], body["age_s"], body["barrier"]) == (["close"], 60.0, True)


def test_who_returns_by_reentry_is_settled_as_anybody() -> None:
    """In at 08:45, back at 10:00, not matched: neither window nor first entry is against it."""
    gate = Gate(OPEN_DOOR)
    gate.admit()
    gate.wait()
    back = at("10:00")
    gate.now = Instant(back, after(4500).mono_ns, True)
    decision = gate.refer()
    body = settled(gate, decision, when=gate.now)
    assert (body["after"], body["barrier"]) == ([], True)


def test_in_twice_by_reentry() -> None:
    gate = Gate(OPEN_DOOR)
    gate.admit()
    gate.wait()
    gate.now = Instant(at("10:00"), after(4500).mono_ns, True)
    gate.feed(laid(at("10:00")))
    gate.feed(CandidateFound(ANNA))
    gate.feed(GOOD)
    body = gate.record()
    gate.commit()
    assert gate.barrier
    assert (body["outcome"], body["entered"]) == ("ADMIT", "2027-04-10T08:45:00.000+08:00")
    assert gate.state.entered["am", "ab12"] == "2027-04-10T10:00:00.000+08:00"
    assert replay(State(), gate.journal).entered == gate.state.entered


# -- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        ({"barrier": True}, "闸门打开。", "The barrier opens."),
        ({"outcome": "REFUSE"}, "已记录。", "Recorded."),
        (
            {"age_s": 4500.0},
            "该判定已过 4500 秒，闸门不动作：请由人工通道放行。",
            "The REFER is 4500 s old: the barrier stays as it is, let the candidate in by hand.",
        ),
        (
            {"age_s": None},
            "该判定早于本次启动，闸门不动作：请由人工通道放行。",
            "The REFER is from before the restart: the barrier stays as it is, "
            "let the candidate in by hand.",
        ),
    ],
)
def test_what_staff_are_told(event: dict[str, Any], zh: str, en: str) -> None:
    whole = {"after": [], "barrier": False, "outcome": "ADMIT", "age_s": 5.0} | event
    assert told(whole) == (zh, en)


def test_a_time_in_another_day_is_told_with_its_date() -> None:
    gate = Gate()
    gate.now = replace(instant(), at=datetime.fromisoformat("2027-04-09T20:10:31+08:00"))
    settled(gate, gate.refer())
    gate.wait()
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    gate.commit()
    assert gate.of(Show)[0].facts["when"] == "2027-04-09 20:10"
