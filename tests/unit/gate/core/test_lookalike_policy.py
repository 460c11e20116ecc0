"""Who is flagged as a look-alike is judged at a lower rate, and the decision says which."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.effects import JudgeFace
from gate.core.exam import FacePolicy
from gate.core.lookalike_policy import FLAG, FMR_LEAST, paper_for
from gate.core.reasons import Reason
from tests.unit.gate.core.world import AFTERNOON, ANNA, GOOD, MORNING, Gate, exam_of, face

FLAGGED = replace(ANNA, flags=frozenset({FLAG, "extra-time"}))


def asked(gate: Gate) -> list[float]:
    return [e.policy.fmr for e in gate.of(JudgeFace)]


@pytest.mark.parametrize(
    ("fmr", "stricter"), [(1e-2, 1e-3), (1e-4, 1e-5), (1e-5, 1e-6), (3e-6, 1e-6), (1e-6, 1e-6)]
)
def test_the_target_is_a_tenth_but_none_that_no_exam_may_ask_for(
    fmr: float, stricter: float
) -> None:
    paper = replace(MORNING, face=FacePolicy(fmr=fmr))
    assert paper_for(FLAGGED, paper).face.fmr == pytest.approx(stricter)
    assert paper_for(ANNA, paper) is paper


@given(st.floats(0, 1), st.frozensets(st.sampled_from([FLAG, "wheelchair", "look-alike"])))
def test_the_flag_only_ever_lowers_the_rate_and_changes_nothing_else(
    fmr: float, flags: frozenset[str]
) -> None:
    paper = replace(MORNING, face=FacePolicy(fmr=fmr, attempts=2, liveness="action"))
    own = paper_for(replace(ANNA, flags=flags), paper)
    assert min(fmr, FMR_LEAST) <= own.face.fmr <= fmr
    assert replace(own, face=replace(own.face, fmr=fmr)) == paper
    assert (own is paper) == (FLAG not in flags)


def test_every_attempt_of_a_flagged_candidate_is_stricter_and_recorded_so() -> None:
    gate = Gate(exam_of(MORNING, AFTERNOON)).to_matching(FLAGGED)
    assert asked(gate) == [pytest.approx(MORNING.face.fmr / 10)]
    gate.feed(face(Reason.FACE_MISMATCH))
    assert asked(gate) == [pytest.approx(MORNING.face.fmr / 10)]
    gate.feed(GOOD)
    assert gate.record()["fmr"] == pytest.approx(MORNING.face.fmr / 10)


def test_nobody_else_is_judged_otherwise() -> None:
    gate = Gate(exam_of(MORNING, AFTERNOON)).to_matching()
    assert asked(gate) == [MORNING.face.fmr]
    gate.feed(GOOD)
    assert gate.record()["fmr"] == MORNING.face.fmr


def test_the_record_has_the_rate_that_the_unit_used() -> None:
    gate = Gate(exam_of(MORNING, AFTERNOON)).to_matching(FLAGGED)
    gate.feed(replace(GOOD, fmr=2e-5))
    assert gate.record()["fmr"] == 2e-5
