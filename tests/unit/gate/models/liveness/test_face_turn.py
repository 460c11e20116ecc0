"""How a face has turned: a plane is told from a head by where its nose goes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.liveness.face_turn import FaceTurn, FaceView, face_turn, face_view, mean_view
from tests.unit.gate.models.liveness.faces import AHEAD_MM, HEAD_MM, face

small = st.floats(-0.3, 0.3)


def turn(points: np.ndarray, **pose: float) -> FaceTurn:
    ahead, now = face(points, at_s=0.0), face(points, at_s=1.0, **pose)
    found = face_turn(face_view(ahead.box, ahead.landmarks), face_view(now.box, now.landmarks))
    assert found is not None
    return found


@given(small, small, small, st.floats(0.5, 2.0), st.floats(-3e-4, 3e-4), st.floats(-3e-4, 3e-4))
def test_no_homography_moves_the_nose_of_a_plane(
    a: float, b: float, c: float, scale: float, g: float, h: float
) -> None:
    plane = AHEAD_MM[:, :2].astype(np.float64) * 0.6
    matrix = np.array([[scale, a, 300], [b, scale * (1 + c), 200], [g, h, 1]])
    seen = np.column_stack([plane, np.ones(5)]) @ matrix.T
    now = (seen[:, :2] / seen[:, 2:]).astype(np.float32)
    box = np.array([0, 0, 100, 120], np.float32)
    found = face_turn(face_view(box, plane.astype(np.float32)), face_view(box, now))
    assert found is not None
    assert abs(found.nose) < 1e-3
    assert abs(found.nose_up) < 1e-3


@given(st.floats(10, 35), st.sampled_from([-1, 1]))
def test_a_heads_nose_and_eyes_go_where_it_turns(degrees: float, side: int) -> None:
    found = turn(HEAD_MM, yaw=side * degrees)
    assert side * found.nose > 0.05
    assert side * found.eyes > 0.03


@given(st.floats(15, 50))
def test_a_flat_face_is_foreshortened_and_no_more(degrees: float) -> None:
    found = turn(AHEAD_MM, yaw=degrees)
    assert found.slant == pytest.approx(np.radians(degrees), abs=0.02)
    assert abs(found.nose) < 0.01
    assert abs(found.eyes) < 0.03  # perspective: the outline is wider than the eyes


@given(st.floats(0.5, 2.0), st.floats(-40, 40))
def test_growth_is_size_whatever_the_roll(nearer: float, roll: float) -> None:
    found = turn(AHEAD_MM, nearer=nearer, roll=roll)
    assert found.growth == pytest.approx(nearer, rel=1e-3)
    assert found.slant < 0.05


def test_the_mean_of_views_is_less_scattered() -> None:
    seen = [face(HEAD_MM, at_s=0.1 * n, noise_px=1.0, seed=n) for n in range(30)]
    views = [face_view(s.box, s.landmarks) for s in seen]
    exact = face(HEAD_MM, at_s=0.0)
    true = face_view(exact.box, exact.landmarks).landmarks
    off = [np.abs(v.landmarks - true).mean() for v in (mean_view(views), views[0])]
    assert off[0] < off[1] / 2


@pytest.mark.parametrize(
    "landmarks",
    [
        np.zeros((5, 2), np.float32),
        np.array([[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]], np.float32),
        np.array([[0, 0], [1, 0], [0, 0], [0, 0], [1, 0]], np.float32),
    ],
)
def test_nothing_is_said_of_points_in_a_line(landmarks: np.ndarray) -> None:
    good = face(HEAD_MM, at_s=0.0)
    view = face_view(good.box, good.landmarks)
    assert face_turn(FaceView(landmarks.astype(np.float64), 0.0), view) is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_no_face(wrong: float) -> None:
    good = face(HEAD_MM, at_s=0.0)
    marks = good.landmarks.copy()
    marks[2, 0] = wrong
    with pytest.raises(ValueError, match="finite"):
        face_view(good.box, marks)
    with pytest.raises(ValueError, match="box"):
        face_view(good.box * wrong, good.landmarks)
