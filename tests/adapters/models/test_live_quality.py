"""What the gate says of frames of a bad day: real networks, portraits made worse on purpose."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from gate.calibration.degraded_frames import Degradation, degraded
from gate.core.reasons import Advice
from gate.models.frame_analysis import FrameAnalysis, SeenFace
from gate.models.matching import RAW, Thresholds
from gate.models.still_pictures import StillPictures
from gate.ports import Template
from tests.networks import networks, portrait_and_face

pytestmark = [pytest.mark.models, pytest.mark.slow]

PEOPLE = ("001", "003", "019", "043", "083")
OLD_SHARPNESS_BOUND = 40.0


@cache
def analysis() -> FrameAnalysis:
    return FrameAnalysis(networks(), 1)


@cache
def stills() -> StillPictures:
    return StillPictures(networks())


@cache
def ticket(number: str) -> Template:
    picture, face = portrait_and_face(number)
    return stills().augmented(picture, stills().refined(picture, face))


def seen_of(number: str, how: Degradation) -> SeenFace:
    seen = analysis().nearest_face(degraded(*portrait_and_face(number, "smiling"), how, seed=1))
    assert seen is not None
    return seen


@pytest.mark.parametrize("sigma_px", [2.5, 3.0])
def test_a_sound_webcam_is_not_refused_for_its_softness(sigma_px: float) -> None:
    """Its sharpness lies far under the bound of before, and its faces match."""
    threshold = Thresholds.load().threshold(1e-4, 1, RAW)
    for number in PEOPLE:
        seen = seen_of(number, Degradation(face_px=150, gaussian_px=sigma_px, noise=0.5))
        assert seen.quality is not None
        assert seen.template is not None
        assert seen.quality.sharpness < OLD_SHARPNESS_BOUND
        assert seen.advice is None
        assert float(seen.template @ ticket(number)) >= threshold


@pytest.mark.parametrize(
    ("hows", "wanted"),
    [
        ([Degradation(face_px=px) for px in (45, 52, 58)], Advice.COME_CLOSER),
        ([Degradation(light=share, noise=4) for share in (0.006, 0.008, 0.01)], Advice.MORE_LIGHT),
        (
            [Degradation(backlight=b, stray=s) for b, s in ((0.1, 0.2), (0.12, 0.15), (0.1, 0.1))],
            Advice.TURN_FROM_WINDOW,
        ),
        ([Degradation(light=times) for times in (7.0, 9.0, 11.0)], Advice.LESS_LIGHT),
        (
            [Degradation(motion_px=38, motion_deg=degrees) for degrees in (0, 60, 120)],
            Advice.HOLD_STILL,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Advice) else "",
)
def test_a_refused_frame_is_told_what_helps(hows: list[Degradation], wanted: Advice) -> None:
    """In at least 8 of 10; mild frames of the same kind are compared, hopeless ones not found."""
    seen = [
        analysis().nearest_face(degraded(*portrait_and_face(number, "smiling"), how, seed=1))
        for number in PEOPLE
        for how in hows
    ]
    said = Counter(s.advice for s in seen if s is not None and s.advice is not None)
    assert said.total() >= 3
    assert said[wanted] >= 0.8 * said.total(), said


def test_a_face_that_fills_the_picture_and_is_cut_off_should_step_back() -> None:
    picture, face = portrait_and_face("001", "smiling")
    frame = degraded(picture, face, Degradation(face_px=330), seed=1)
    cut = np.ascontiguousarray(np.roll(frame, 170, axis=0))
    cut[:170] = 90
    seen = analysis().nearest_face(cut)
    assert seen is not None
    assert seen.advice is Advice.STEP_BACK
