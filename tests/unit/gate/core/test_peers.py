"""Gates of one site: who entered at another gate is inside, and who entered at both is a double."""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.effects import JudgeFace, RecordBeside
from gate.core.events import CandidateFound, Fault, FaultRaised, PeersHeard, RecordedBeside
from gate.core.replay import replay
from gate.core.site_entries import IN, OUT, SiteEntry
from gate.core.state import State
from tests.unit.gate.core.world import (
    ANNA,
    EXAM,
    MORNING,
    WITHIN,
    Gate,
    at,
    exam_of,
    laid,
)

HER = ("am", ANNA.key)


def entry(when: str = "08:40", way: str = IN) -> SiteEntry:
    return SiteEntry("am", ANNA.key, at(when).isoformat(), way)


def hear(gate: Gate, *entries: SiteEntry, other: str = "s-g2", to: int = 1) -> list[str]:
    """What is journaled because of it, by kind."""
    gate.feed(PeersHeard(EXAM.id, other, "ab" * 8, to, entries))
    asked = gate.of(RecordBeside)
    for record in asked:
        gate._write(record.kind, dict(record.body))
        gate.feed(RecordedBeside(gate.journal[-1]))
    return [record.kind for record in asked]


def lay(gate: Gate, when: Any = WITHIN) -> Any:
    gate.feed(laid(when))
    gate.feed(CandidateFound(ANNA))
    return "face" if gate.of(JudgeFace) else gate.record()


def test_a_card_used_at_a_second_gate_says_gate_and_time() -> None:
    gate = Gate()
    assert hear(gate, entry()) == ["heard"]
    body = lay(gate)
    assert (body["outcome"], body["reason"]) == ("REFER", "ALREADY_ADMITTED")
    assert (body["entered_gate"], body["entered"]) == ("s-g2", entry().at)
    gate.commit()
    assert gate.effects[0].en == "This card has already entered (gate s-g2, 08:40)"


def test_who_left_at_another_gate_has_left() -> None:
    gate = Gate(exam_of(replace(MORNING, closes_after_min=149))).admit()
    hear(gate, entry("11:05", OUT))
    gate.wait()
    assert lay(gate, at("11:10"))["reason"] == "LEFT_ALREADY"


def test_an_entry_at_both_is_a_double_once() -> None:
    gate = Gate().admit()
    assert hear(gate, entry()) == ["heard", "double"]
    double = gate.journal[-1]
    assert (double["other_gate"], double["key"], double["paper"]) == ("s-g2", ANNA.key, "am")
    assert hear(gate, entry(), to=2) == ["heard"]
    assert hear(gate, entry(), other="s-g3") == ["heard", "double"]


def test_with_re_entry_another_gate_is_no_double() -> None:
    gate = Gate(exam_of(replace(MORNING, reentry=True))).admit()
    assert hear(gate, entry()) == ["heard"]


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([entry("08:40"), entry("11:05", OUT)], True),
        ([entry("11:05", OUT), entry("08:40")], True),
        ([entry("11:05", OUT), entry("11:10")], False),
    ],
)
def test_the_later_word_counts_in_whatever_order_it_comes(
    told: list[SiteEntry], *, left: bool
) -> None:
    gate = Gate()
    for n, one in enumerate(told, 1):
        hear(gate, one, to=n)
    assert (HER in gate.state.left) is left
    assert HER in gate.state.entered


def test_a_restart_knows_what_was_heard() -> None:
    gate = Gate().admit()
    hear(gate, entry(), SiteEntry("am", "c0", at("08:41").isoformat(), IN))
    again = replay(State(), gate.journal)
    for name in ("entered", "left", "gates", "doubles"):
        assert getattr(again, name) == getattr(gate.state, name)


def test_nothing_is_taken_that_cannot_be_journaled_or_is_of_another_exam() -> None:
    gate = Gate()
    gate.feed(PeersHeard("another", "s-g2", "ab" * 8, 1, (entry(),)))
    assert not gate.effects
    gate.feed(FaultRaised(Fault.JOURNAL, "full"))
    gate.feed(PeersHeard(EXAM.id, "s-g2", "ab" * 8, 1, (entry(),)))
    assert not gate.of(RecordBeside)
    assert not gate.state.entered
