"""Three visits that a face ended close the machine path of one identity, and no other."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.core.closed_path import is_machine_path
from gate.core.effects import JudgeFace, Show
from gate.core.events import CandidateFound, CardPresented, Instant, RosterOpened, Source
from gate.core.reasons import FACE_REASONS, Reason
from gate.core.replay import replay
from gate.core.state import State
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    BEN,
    CARD,
    MORNING,
    NO_CAMERA,
    WITHIN,
    Gate,
    exam_of,
    face,
    instant,
    laid,
    typed,
)

LONG = exam_of(replace(MORNING, opens_before_min=600, closes_after_min=300), AFTERNOON)


def after(seconds: float, *, mono_s: float | None = None) -> Instant:
    mono = seconds if mono_s is None else mono_s
    return Instant(WITHIN + timedelta(seconds=seconds), instant().mono_ns + int(mono * 1e9), True)


def visit(gate: Gate, when: Instant, reason: Reason = Reason.FACE_MISMATCH) -> None:
    """A visit that a face ends at `when`."""
    gate.now = when
    gate.feed(CardPresented(CARD, when, when.mono_ns))
    gate.feed(CandidateFound(ANNA))
    for _ in range(3):
        gate.feed(face(reason))
    gate.commit()


def next_card(gate: Gate, when: Instant) -> bool:
    """Whether a face is asked for."""
    gate.now = when
    gate.feed(CardPresented(CARD, when, when.mono_ns))
    gate.feed(CandidateFound(ANNA))
    return bool(gate.of(JudgeFace))


def notes(gate: Gate) -> list[dict[str, Any]]:
    return [e for e in gate.journal if e["kind"] == "case"]


@pytest.mark.parametrize("reason", sorted(FACE_REASONS))
def test_the_third_failed_visit_closes_the_path(reason: Reason) -> None:
    gate = Gate(LONG)
    for nth in range(3):
        assert notes(gate) == []
        visit(gate, after(60.0 * nth), reason)
    last = gate.state.unsettled[0].decision
    (note,) = notes(gate)
    assert (note["case"], note["change"]) == (last, "machine-path-closed")
    assert (note["ticket"], note["key"], note["paper"]) == (ANNA.ticket, ANNA.key, "am")
    assert not next_card(gate, after(200))
    body = gate.record()
    assert (body["outcome"], body["reason"], body["attempt"]) == ("REFER", reason, None)
    assert body["closed_path"] is True
    gate.commit()
    assert len(gate.state.unsettled) == 1
    assert "staffed lane" in gate.of(Show)[0].en
    assert len(notes(gate)) == 1


def test_two_leave_it_open_and_another_identity_has_its_own() -> None:
    gate = Gate(LONG)
    visit(gate, after(0))
    visit(gate, after(60))
    gate.feed(laid())
    gate.feed(CandidateFound(BEN))
    for _ in range(3):
        gate.feed(face(Reason.FACE_MISMATCH))
    gate.commit()
    assert next_card(gate, after(120))


@pytest.mark.parametrize(("third_s", "closed"), [(7199.0, True), (7200.0, False)])
def test_within_two_hours_and_no_longer(third_s: float, closed: bool) -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, third_s):
        visit(gate, after(when))
    assert next_card(gate, after(third_s + 10)) is not closed


@pytest.mark.parametrize(("later_s", "closed"), [(7199.0, True), (7200.0, False)])
def test_it_opens_again_two_hours_after_the_last(later_s: float, closed: bool) -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, 20.0):
        visit(gate, after(when))
    assert next_card(gate, after(20 + later_s)) is not closed


def test_a_wall_clock_that_was_set_back_opens_nothing() -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, 20.0):
        visit(gate, after(when))
    assert not next_card(gate, after(-300, mono_s=60))


def test_a_restart_remembers_it_by_the_wall() -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, 20.0):
        visit(gate, after(when))
    again = Gate(LONG, state=replay(State(), gate.journal))
    again.feed(RosterOpened(LONG, "v1"))
    assert not next_card(again, after(100, mono_s=-4))


def test_the_staffed_path_stays_open() -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, 20.0):
        visit(gate, after(when))
    gate.feed(typed())
    gate.feed(CandidateFound(ANNA))
    assert gate.of(JudgeFace)


def test_what_no_face_ended_closes_nothing() -> None:
    """A camera that is gone is not the candidate's."""
    gate = Gate(LONG)
    gate.feed(NO_CAMERA)
    for _ in range(4):
        gate.feed(replace(typed(), at=instant()))
        gate.feed(CandidateFound(ANNA))
        assert gate.record()["attempt"] is None
        gate.commit()
    assert not gate.state.failed


def test_a_scan_is_the_machine_path_too() -> None:
    assert [is_machine_path(s) for s in (Source.CARD, Source.SCAN, Source.TYPED)] == [
        True,
        True,
        False,
    ]


def test_visits_of_another_exam_do_not_count() -> None:
    gate = Gate(LONG)
    for when in (0.0, 10.0, 20.0):
        visit(gate, after(when))
    journal = [e | {"exam": "other-2026"} for e in gate.journal]
    again = Gate(LONG, state=replay(State(), journal))
    again.feed(RosterOpened(LONG, "v1"))
    assert not again.state.failed
