"""Portraits with eyes that are drawn shut, and portraits photographed on a screen."""

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from gate.models.portrait import PortraitJudge
from gate.models.still_pictures import StillPictures
from tests.adapters.models.screens import photographed
from tests.networks import networks, portrait

PEOPLE = ("001", "017", "063", "099")

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.fixture(scope="module")
def judge() -> PortraitJudge:
    return PortraitJudge(networks())


@cache
def stills() -> StillPictures:
    return StillPictures(networks())


def png(picture: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "PNG")
    return target.getvalue()


def drawn_shut(picture: np.ndarray) -> np.ndarray:
    """A lid of the cheek's colour over each eye, with an arc of lashes below. In a style of its
    own: nothing here is shared with `scripts/eyes`."""
    face = stills().most_central_face(picture)
    assert face is not None
    unit = float(np.hypot(*(face.landmarks[1] - face.landmarks[0])))
    image = Image.fromarray(picture)
    lids = Image.new("L", image.size)
    paint = image.copy()
    for x, y in face.landmarks[:2].tolist():
        cheek = picture[round(y + 0.4 * unit), round(x)]
        box = [x - 0.24 * unit, y - 0.13 * unit, x + 0.24 * unit, y + 0.13 * unit]
        ImageDraw.Draw(lids).ellipse(box, fill=255)
        ImageDraw.Draw(paint).ellipse(box, fill=tuple(int(n) for n in 0.9 * cheek))
        lashes = tuple(int(n) for n in 0.3 * cheek)
        low = [x - 0.2 * unit, y - 0.1 * unit, x + 0.2 * unit, y + 0.08 * unit]
        ImageDraw.Draw(paint).arc(low, 15, 165, fill=lashes, width=max(1, round(0.03 * unit)))
    soft = lids.filter(ImageFilter.GaussianBlur(0.02 * unit))
    return np.asarray(Image.composite(paint, image, soft))


def reasons(judge: PortraitJudge, photo: bytes) -> set[str]:
    judged = judge.judge(photo)
    assert judged.usable  # neither of the two sends anybody to the staffed lane
    return {f.reason for f in judged.findings}


def test_eyes_that_are_drawn_shut_are_told_and_open_ones_are_not(judge: PortraitJudge) -> None:
    shut = [reasons(judge, png(drawn_shut(portrait(number)))) for number in PEOPLE]
    assert sum("eyes-closed" in found for found in shut) >= len(PEOPLE) - 1
    assert not any("eyes-closed" in reasons(judge, png(portrait(number))) for number in PEOPLE)


def test_a_photographed_screen_is_told_where_its_pattern_shows(judge: PortraitJudge) -> None:
    """About every second one is: docs/ticket-photos.md."""
    rng = np.random.default_rng(5)
    found = [
        reasons(judge, photographed(portrait(number), rng, (600, 600), pitch))
        for number, pitch in zip(PEOPLE, (0.8, 1.3, 1.7, 2.2), strict=True)
    ]
    assert sum("recapture" in one for one in found) >= len(PEOPLE) // 2
    assert not any("recapture" in reasons(judge, png(portrait(number))) for number in PEOPLE)


def test_a_pattern_in_which_no_face_is_found_is_told_too(judge: PortraitJudge) -> None:
    """A coarse one hides the face: somebody should know why."""
    y, x = np.mgrid[0:413, 0:295]
    stripes = 128 + 60 * np.sin(2 * np.pi * (0.21 * x + 0.13 * y))
    noisy = stripes + np.random.default_rng(1).normal(0, 8, stripes.shape)
    picture = np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert [f.reason for f in judge.judge(png(picture)).findings] == ["no-face", "recapture"]
