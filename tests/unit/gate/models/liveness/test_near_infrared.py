"""The near-infrared layer: the face must be there too, at its place, alike and lit."""

import numpy as np
import pytest

from gate.core.liveness import THRESHOLDS
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.near_infrared import NearInfraredLayer
from gate.ports import Face, Picture, Template
from gate.ports.values import Landmarks
from tests.unit.gate.models.liveness.test_second_camera_state import PAIR, seen_from

CHANCE = np.random.default_rng(1)
LIT = CHANCE.integers(60, 200, (480, 640), np.uint8)
FACE = CHANCE.standard_normal(128).astype(np.float32)
FACE /= np.linalg.norm(FACE)
PLACE = (2.0, -3.0, 60.0)


def template_with(cosine: float) -> Template:
    """A template that is so alike to FACE."""
    other = CHANCE.standard_normal(128).astype(np.float32)
    other -= FACE * (other @ FACE)
    return cosine * FACE + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other)


def score(
    places: list[Landmarks], alike: float = 0.6, second: Picture | None = LIT
) -> float | None:
    def find(picture: Picture) -> list[Face]:
        assert picture.shape == (480, 640, 3)
        return [Face(np.zeros(4, np.float32), at, 0.9) for at in places]

    visible = np.zeros((480, 640, 3), np.uint8)

    def embed(picture: Picture, _: Landmarks) -> Template:
        return FACE if picture is visible else template_with(alike)

    layer = NearInfraredLayer(PAIR, find, embed)
    box = np.zeros(4, np.float32)
    return layer.score(LayerInput(visible, box, seen_from(0, PLACE), 0.0, second))


def test_the_same_face_at_its_place_is_living() -> None:
    found = score([seen_from(6, PLACE)])
    assert found is not None
    assert found > THRESHOLDS["nir"]


def test_of_several_faces_the_one_at_the_place_counts() -> None:
    found = score([seen_from(6, (20.0, -3.0, 90.0)), seen_from(6, PLACE)])
    assert found is not None
    assert found > THRESHOLDS["nir"]


@pytest.mark.parametrize("what", ["no face", "elsewhere", "another size", "another face"])
def test_what_is_not_there_too_is_no_living_face(what: str) -> None:
    place = seen_from(6, PLACE)
    middle = place.mean(axis=0)
    cases = {
        "no face": score([]),
        "elsewhere": score([place + np.float32([0, 80])]),
        "another size": score([middle + (place - middle) * np.float32(1.6)]),
        "another face": score([place], alike=0.1),
    }
    assert cases[what] == 0.0


def test_a_face_that_has_vanished_but_for_its_outline_is_none() -> None:
    assert score([seen_from(6, PLACE)], second=np.full((480, 640), 180, np.uint8)) == 0.0


def test_a_dark_picture_is_a_lamp_that_is_off_and_says_nothing() -> None:
    assert score([], second=np.zeros((480, 640), np.uint8)) is None
    assert score([], second=None) is None
