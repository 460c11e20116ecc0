"""A leaning face, cut out upright, and back again."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.upright_cut import lean, upright_cut, upright_surroundings
from gate.ports import Face

LEVEL = np.array([(-20, -15), (20, -15), (0, 5), (-15, 25), (15, 25)], np.float32)


def leaning(degrees: float, middle: tuple[float, float] = (320, 240)) -> Face:
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    points = LEVEL @ np.array([[cos, sin], [-sin, cos]]) + middle
    box = np.array([middle[0] - 40, middle[1] - 50, 80, 100], np.float32)
    return Face(box, points.astype(np.float32), 0.9)


@given(st.floats(-180, 180), st.floats(0, 639), st.floats(0, 479), st.integers(32, 300))
def test_there_and_back_is_the_same_face(degrees: float, x: float, y: float, side: int) -> None:
    face = leaning(degrees, (x, y))
    cut = upright_cut(np.zeros((480, 640, 3), np.uint8), face, math.radians(degrees), side, step=2)
    assert cut.pixels.shape == (side, side, 3)
    back = cut.in_picture(cut.of_picture(face))
    assert back.landmarks == pytest.approx(face.landmarks, abs=0.01)
    assert back.box == pytest.approx(face.box, abs=0.01)


@given(st.floats(-179, 179))
def test_the_face_stands_upright_in_the_middle(degrees: float) -> None:
    face = leaning(degrees)
    cut = upright_cut(np.zeros((480, 640, 3), np.uint8), face, math.radians(degrees), 256)
    seen = cut.of_picture(face)
    assert lean(face) == pytest.approx(math.radians(degrees), abs=1e-3)
    assert lean(seen) == pytest.approx(0, abs=1e-3)
    assert seen.landmarks == pytest.approx(LEVEL + 128 - 0.5, abs=0.75)


@pytest.mark.parametrize("degrees", [-130, -20, 20, 90])
def test_the_cut_shows_the_pixels_where_it_says(degrees: float) -> None:
    """A bright dot on each landmark is found where the cut has the landmark."""
    face = leaning(degrees)
    for at in range(5):
        picture = np.zeros((480, 640, 3), np.uint8)
        x, y = np.rint(face.landmarks[at]).astype(int)
        picture[y - 1 : y + 2, x - 1 : x + 2] = 255
        cut = upright_cut(picture, face, math.radians(degrees), 200)
        rows, columns = np.mgrid[:200, :200]
        light = cut.pixels[:, :, 0].astype(float)
        found = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
        assert found == pytest.approx(cut.of_picture(face).landmarks[at], abs=0.75)


def test_eyes_that_fall_together_do_not_lean() -> None:
    face = Face(np.array([10, 10, 50, 60], np.float32), np.ones((5, 2), np.float32), 0.9)
    assert lean(face) == 0.0


@pytest.mark.parametrize("degrees", [-8, 0, 8])
def test_a_level_face_keeps_its_picture(degrees: float) -> None:
    picture, face = np.zeros((480, 640, 3), np.uint8), leaning(degrees)
    same, as_it_was = upright_surroundings(picture, face)
    assert same is picture
    assert as_it_was is face


def test_the_surroundings_of_a_leaning_face_are_upright() -> None:
    _, face = upright_surroundings(np.zeros((480, 640, 3), np.uint8), leaning(25, (630, 5)))
    assert lean(face) == pytest.approx(0, abs=1e-3)
