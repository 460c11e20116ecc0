"""The floor beside the normalised score: it only refuses more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.match_decision import ScoreBounds, passes
from tests.examples import examples

COSINES = st.floats(-1, 1) | st.just(math.nan)
NORMALISED = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@given(COSINES, NORMALISED, st.floats(-1, 12), st.none() | st.floats(-1, 1))
@examples(300)
def test_nobody_passes_who_would_not_pass_without_the_floor(
    score: float, normalised: float | None, threshold: float, floor: float | None
) -> None:
    if passes(score, normalised, ScoreBounds(threshold, floor)):
        assert passes(score, normalised, ScoreBounds(threshold, None))


@given(COSINES, NORMALISED, st.floats(-1, 12), st.floats(-1, 1))
@examples(300)
def test_nobody_passes_below_the_floor(
    score: float, normalised: float | None, threshold: float, floor: float
) -> None:
    if passes(score, normalised, ScoreBounds(threshold, floor)):
        assert score >= floor


@pytest.mark.parametrize(
    ("score", "normalised", "floor", "wanted"),
    [
        (0.45, 5.2, 0.45, True),
        (math.nextafter(0.45, 0), 5.2, 0.45, False),
        (0.9, math.nextafter(5.2, 0), 0.45, False),
        (0.30, 9.0, 0.45, False),
        (0.30, 9.0, None, True),
        (0.9, math.nan, 0.45, False),
        (math.nan, 9.0, 0.45, False),
    ],
)
def test_a_bound_is_reached_at_its_own_value(
    score: float, normalised: float, floor: float | None, wanted: bool
) -> None:
    assert passes(score, normalised, ScoreBounds(5.2, floor)) is wanted


def test_without_a_cohort_the_raw_score_decides() -> None:
    assert passes(0.5, None, ScoreBounds(0.5, None))
    assert not passes(0.49, None, ScoreBounds(0.5, None))
