"""Heads that lean to the side: where their landmarks are found, and whether they still match."""

import math
from functools import cache

import numpy as np
import pytest

from gate.calibration.degraded_frames import Degradation, degraded
from gate.models.face_track import eyes_px
from gate.models.frame_analysis import FrameAnalysis
from gate.models.live_detection import LiveDetector
from gate.models.upright_cut import lean
from gate.ports import Face, Picture
from tests.networks import networks, portrait_and_face

pytestmark = [pytest.mark.models, pytest.mark.slow]

PEOPLE = ("001", "003", "019")


@cache
def finder() -> LiveDetector:
    return LiveDetector(networks(), 1)


def shown(number: str, roll_deg: float) -> Picture:
    how = Degradation(face_px=120, roll_deg=roll_deg)
    return degraded(*portrait_and_face(number, "smiling"), how, seed=1)


def found(frame: Picture) -> Face:
    (first,) = finder().glance(frame)
    return finder().closer(frame, first)


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """About the middle of the frame, clockwise as the picture is seen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = np.array([320.0, 240.0])
    return (points - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle


@pytest.mark.parametrize("number", PEOPLE)
@pytest.mark.parametrize("degrees", [-30, -20, 20, 30])
def test_landmarks_of_a_leaning_face_are_those_of_the_level_one(number: str, degrees: int) -> None:
    upright = found(shown(number, 0))
    leaning = found(shown(number, degrees))
    off = np.linalg.norm(leaning.landmarks - turned(upright.landmarks, degrees), axis=1)
    assert off.mean() < 0.13 * eyes_px(upright), off
    assert math.degrees(lean(leaning) - lean(upright)) == pytest.approx(degrees, abs=8)


@pytest.mark.parametrize("number", PEOPLE)
def test_a_head_that_lies_half_on_its_side_is_still_compared(number: str) -> None:
    analysis = FrameAnalysis(networks(), 1)
    upright = analysis.nearest_face(shown(number, 0))
    seen = analysis.nearest_face(shown(number, 50))
    assert seen is not None
    assert seen.advice is None
    assert upright is not None
    assert upright.template is not None
    assert seen.template is not None
    assert float(seen.template @ upright.template) > 0.8


@pytest.mark.parametrize("number", PEOPLE)
def test_a_leaning_face_keeps_its_feature_norm(number: str) -> None:
    analysis = FrameAnalysis(networks(), 1)
    norms = []
    for degrees in (0, 20, -20):
        seen = analysis.nearest_face(shown(number, degrees))
        assert seen is not None
        assert seen.advice is None
        assert seen.quality is not None
        norms.append(seen.quality.feature_norm or 0.0)
    assert min(norms) > 0.93 * norms[0], norms
