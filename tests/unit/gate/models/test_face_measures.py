"""Measures of a face's pixels and landmarks, on faces that are made up."""

import numpy as np
import pytest

from gate.models.face_measures import light_of, pitch_of, surrounding_luma
from gate.models.weak_face import DOWN
from gate.ports.values import FRONTAL_PITCH, Landmarks

HEAD = np.array([(-32, 0, 0), (32, 0, 0), (0, 38, 25), (-25, 68, 5), (25, 68, 5)], np.float64)
"""Eyes, nose tip, corners of the mouth in mm: right, down, towards the camera. A mean head."""


def landmarks(down_deg: float, roll_deg: float = 0.0) -> Landmarks:
    """The head looks down by so much, seen from far away."""
    turn, lean = np.deg2rad(down_deg), np.deg2rad(roll_deg)
    right = HEAD[:, 0]
    below = HEAD[:, 1] * np.cos(turn) + HEAD[:, 2] * np.sin(turn)
    x = right * np.cos(lean) - below * np.sin(lean)
    y = right * np.sin(lean) + below * np.cos(lean)
    return np.stack([x, y], axis=1).astype(np.float32)


def test_pitch_rises_as_the_head_goes_down_whatever_the_lean() -> None:
    down = [pitch_of(landmarks(degrees)) for degrees in (-30, -15, 0, 15, 30)]
    assert down == sorted(set(down))
    assert down[2] == pytest.approx(FRONTAL_PITCH, abs=0.05)
    assert pitch_of(landmarks(15, 40)) == pytest.approx(down[3], abs=1e-5)
    assert pitch_of(landmarks(20)) < DOWN < pitch_of(landmarks(32))


def test_landmarks_that_fall_together_have_no_pitch() -> None:
    assert pitch_of(np.zeros((5, 2), np.float32)) == 1


def test_a_window_beside_the_face_shows_and_the_face_itself_does_not() -> None:
    picture = np.full((480, 640, 3), 90, np.uint8)
    box = np.array([260, 150, 120, 160], np.float32)
    picture[150:310, 260:380] = 255
    assert surrounding_luma(picture, box) == pytest.approx(90, abs=0.1)
    picture[:, 400:] = 255
    assert surrounding_luma(picture, box) == pytest.approx(255, abs=0.1)


def test_a_face_that_fills_the_picture_has_no_surrounding() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    assert surrounding_luma(picture, np.array([-50, -60, 800, 700], np.float32)) is None


def test_light_from_one_side_is_uneven() -> None:
    luma = np.full((112, 112), 200, np.float32)
    assert light_of(luma).evenness == 1
    luma[:, :56] = 50
    light = light_of(luma)
    assert light.evenness == pytest.approx(0.25)
    assert (light.black, light.white, light.burnt) == (50, 200, 0)
