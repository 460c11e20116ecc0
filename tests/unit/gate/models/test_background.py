"""Colour of a background against the skin, whatever the light."""

import numpy as np
import pytest

from gate.models.background import Background, is_as_asked, measure
from gate.models.person_mask import SIDE

BLUES = [(67, 142, 219), (0, 191, 243), (60, 140, 220)]
OTHERS = [(255, 255, 255), (219, 0, 0), (140, 160, 145)]
LIGHTS = [(1, 0.71, 0.42), (1, 0.89, 0.81), (1, 0.98, 0.99), (0.73, 0.72, 0.72)]
"""3,000 K, 5,000 K, 6,500 K and half of it, as factors of what is stored."""
WHITES_AND_COLOURS = [(255, 255, 255), (228, 228, 226), (140, 160, 145), (176, 200, 182)]
WHITES_AND_COLOURS += [(219, 0, 0), (240, 200, 215), (255, 225, 90), *BLUES]
SKINS = [(224, 172, 140), (110, 74, 58)]

MASK = np.zeros((SIDE, SIDE), np.float32)
MASK[64:192, 64:192] = 1
BOX = np.array([64, 64, 128, 128], np.float32)


def seen(behind: tuple[int, ...], skin: tuple[int, ...], light: tuple[float, ...]) -> Background:
    picture = np.empty((SIDE, SIDE, 3))
    picture[:], picture[64:192, 64:192] = behind, skin
    found = measure((picture * light).astype(np.uint8), MASK, BOX)
    assert found is not None
    return found


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("skin", SKINS)
def test_blue_is_blue_in_every_light_and_nothing_else_is(
    skin: tuple[int, ...], light: tuple[float, ...]
) -> None:
    assert all(is_as_asked(seen(blue, skin, light), "blue") for blue in BLUES)
    assert not any(is_as_asked(seen(other, skin, light), "blue") for other in OTHERS)
    assert all(is_as_asked(seen(any_, skin, light), "plain") for any_ in (*BLUES, *OTHERS))
    assert not any(is_as_asked(seen(blue, skin, light), "white") for blue in BLUES)


@pytest.mark.parametrize("light", [*LIGHTS, (0.5, 0.5, 0.5), (0.92, 0.93, 1)])
@pytest.mark.parametrize("skin", [*SKINS, (77, 58, 49), (203, 179, 173)])
def test_white_and_light_grey_are_white_in_every_light_and_no_colour_is(
    skin: tuple[int, ...], light: tuple[float, ...]
) -> None:
    white = [name for name in WHITES_AND_COLOURS if is_as_asked(seen(name, skin, light), "white")]
    assert white == WHITES_AND_COLOURS[:2]


@pytest.mark.parametrize("asked", ["plain", "blue", "white"])
def test_a_background_of_two_colours_is_not_plain(asked: str) -> None:
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[:], picture[:, 150:], picture[64:192, 64:192] = BLUES[0], (200, 30, 30), SKINS[0]
    found = measure(picture, MASK, BOX)
    assert found is not None
    assert not is_as_asked(found, asked)
    assert is_as_asked(found, "any")


def test_a_picture_without_background_or_with_a_face_outside_is_not_judged() -> None:
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert measure(picture, np.ones((SIDE, SIDE), np.float32), BOX) is None
    assert measure(picture, MASK, BOX + 900) is None
