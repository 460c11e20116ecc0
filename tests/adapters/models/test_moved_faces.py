"""Frames in which the head moved: real networks, portraits blurred along a direction."""

from functools import cache

import pytest

from gate.calibration.degraded_frames import Degradation, degraded
from gate.core.reasons import Advice
from gate.models.frame_analysis import FrameAnalysis, SeenFace
from gate.models.quality import LIVE
from tests.networks import networks, portrait_and_face

pytestmark = [pytest.mark.models, pytest.mark.slow]

PEOPLE = ("001", "019", "083")
DIRECTIONS = (0, 45, 90, 135)


@cache
def analysis() -> FrameAnalysis:
    return FrameAnalysis(networks(), 1)


def seen_of(number: str, how: Degradation) -> SeenFace:
    seen = analysis().nearest_face(degraded(*portrait_and_face(number, "smiling"), how, seed=1))
    assert seen is not None
    assert seen.quality is not None
    return seen


def moved(number: str, motion_px: float) -> list[SeenFace]:
    hows = [Degradation(face_px=120, motion_px=motion_px, motion_deg=d) for d in DIRECTIONS]
    return [seen_of(number, how) for how in hows]


@pytest.mark.parametrize("number", PEOPLE)
def test_a_far_movement_is_told_to_hold_still_although_the_feature_norm_is_high(
    number: str,
) -> None:
    seen = moved(number, 17)
    assert all(s.advice is not None for s in seen)
    assert sum(s.advice is Advice.HOLD_STILL for s in seen) >= 3
    assert any(((s.quality and s.quality.feature_norm) or 0) > LIVE.feature_norm for s in seen)


@pytest.mark.parametrize("number", PEOPLE)
def test_a_small_movement_is_compared(number: str) -> None:
    assert [s.advice for s in moved(number, 4)] == [None] * len(DIRECTIONS)


@pytest.mark.parametrize("number", PEOPLE)
def test_a_soft_lens_is_no_movement(number: str) -> None:
    """As blurred as the far movement, in all directions alike: it matches."""
    assert seen_of(number, Degradation(face_px=150, gaussian_px=3, noise=0.5)).advice is None
