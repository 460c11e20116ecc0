"""Where pixels show the nose of a turned face."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.liveness.face_turn import face_turn, face_view
from gate.models.liveness.nose_shift import (
    PATCH_PX,
    RADIUS_PX,
    FacePatch,
    face_patch,
    nose_profile,
    seen_beside,
)
from tests.unit.gate.models.liveness.faces import AHEAD_MM, HEAD_MM, face, flat_nose, picture


def patches(yaw: float, points: np.ndarray, flat: bool = False) -> tuple[FacePatch, FacePatch]:
    ahead, now = face(points, 0.0), face(points, 1.0, yaw=yaw)
    shown = picture(now, flat_nose(ahead, now) if flat else None)
    return face_patch(picture(ahead), ahead.landmarks), face_patch(shown, now.landmarks)


def aside(yaw: float, flat: bool) -> float:
    """As the trial reckons it; what landmarks say is a head's in both cases."""
    ahead, now = face(HEAD_MM, 0.0), face(HEAD_MM, 1.0, yaw=yaw)
    turn = face_turn(face_view(ahead.box, ahead.landmarks), face_view(now.box, now.landmarks))
    looked, shown = patches(yaw, HEAD_MM, flat)
    profile = nose_profile(looked, shown)
    assert turn is not None
    assert profile is not None
    return seen_beside(profile, turn.nose, looked.between_eyes)


@pytest.mark.parametrize("yaw", [-30.0, -18.0, 18.0, 30.0])
def test_a_heads_nose_is_seen_beside_its_place_and_a_photographs_in_it(yaw: float) -> None:
    assert aside(yaw, flat=False) > 0.2
    assert aside(yaw, flat=True) < -0.2


def test_a_nose_that_is_seen_on_the_other_side_is_no_heads() -> None:
    looked, shown = patches(25.0, HEAD_MM)
    profile = nose_profile(looked, shown)
    assert profile is not None
    assert seen_beside(profile, 0.2, looked.between_eyes) > 0.2
    assert seen_beside(profile, -0.2, looked.between_eyes) < -0.2


@pytest.mark.parametrize("nearer", [0.6, 1.0, 2.5])
def test_patches_are_of_one_size_however_near_a_face_is(nearer: float) -> None:
    seen = face(AHEAD_MM, 0.0, nearer=nearer, roll=20.0)
    patch = face_patch(picture(seen), seen.landmarks)
    assert patch.pixels.shape == (PATCH_PX, PATCH_PX)
    eyes = patch.landmarks[:2]
    assert eyes[0, 1] == pytest.approx(eyes[1, 1])
    quad = patch.landmarks[[0, 1, 3, 4]] - PATCH_PX / 2
    assert np.sqrt((quad**2).sum(axis=1).mean()) == pytest.approx(RADIUS_PX, rel=1e-6)


def test_a_face_beside_the_picture_is_black() -> None:
    seen = face(AHEAD_MM, 0.0)
    patch = face_patch(picture(seen), seen.landmarks + np.float32([5000, 0]))
    assert not patch.pixels.any()


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=20, max_size=20))
def test_no_landmarks_whatever_raise_anything_but_that(values: list[float]) -> None:
    shown = np.full((48, 64, 3), 100, np.uint8)
    both = np.array(values, np.float32).reshape(2, 5, 2)
    try:
        ahead, now = (face_patch(shown, landmarks) for landmarks in both)
    except ValueError:
        return
    profile = nose_profile(ahead, now)
    assert profile is None or np.abs(profile).max() <= 1 + 1e-3


@pytest.mark.parametrize("side", [-1, 1])
def test_a_photograph_is_none_whose_landmarks_were_put_where_a_heads_would_be(side: int) -> None:
    """The detector moved the eyes of a flexed photograph too, and its trial was passed."""
    ahead, now = face(AHEAD_MM, 0.0), face(AHEAD_MM, 1.0, yaw=35.0 * side)
    told = now.landmarks + np.float32([(-6, 0), (-6, 0), (3, 0), (-6, 0), (-6, 0)]) * side
    looked = face_patch(picture(ahead), ahead.landmarks)
    turn = face_turn(face_view(ahead.box, ahead.landmarks), face_view(now.box, told))
    profile = nose_profile(looked, face_patch(picture(now), told))
    assert turn is not None
    assert profile is not None
    assert abs(turn.nose) > 0.1
    assert seen_beside(profile, turn.nose, looked.between_eyes) < -0.2
