"""Two looks against one look at the whole 640x480 frame, with the real networks."""

import numpy as np
import pytest
from PIL import Image

from gate.models.detector import Detector
from gate.models.face_track import eyes_px, is_crowded
from gate.models.live_detection import LiveDetector
from gate.models.network_files import model_path
from gate.ports import Face
from tests.networks import networks, portrait

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def finder() -> LiveDetector:
    return LiveDetector(networks(), 1)


@pytest.fixture(scope="module")
def one_look() -> Detector:
    return Detector(model_path(networks(), "yunet-640x480"), 1)


def frame(*people: tuple[str, int, int, int], size: tuple[int, int] = (640, 480)) -> np.ndarray:
    """Portraits on grey: number, side in pixels, left, top."""
    picture = Image.new("RGB", size, (110, 110, 110))
    for number, side, left, top in people:
        picture.paste(Image.fromarray(portrait(number)).resize((side, side)), (left, top))
    return np.asarray(picture)


@pytest.mark.parametrize("number", ["001", "002", "003"])
@pytest.mark.parametrize(("side", "left", "top"), [(150, 30, 20), (250, 300, 200), (460, 90, 10)])
def test_two_looks_find_the_landmarks_of_one(
    finder: LiveDetector, one_look: Detector, number: str, side: int, left: int, top: int
) -> None:
    shown = frame((number, side, left, top))
    (wanted,) = one_look.detect(shown)
    (first,) = finder.glance(shown)
    found = finder.closer(shown, first)
    off = np.linalg.norm(found.landmarks - wanted.landmarks, axis=1)
    assert off.mean() < 0.08 * eyes_px(wanted), off  # a pixel of the network or two
    assert off.max() < 0.12 * eyes_px(wanted), off
    assert np.abs(found.box - wanted.box).max() < 0.1 * wanted.box[3]


@pytest.mark.parametrize("side", [140, 200, 300])
def test_a_second_person_is_seen_in_the_same_frame(
    finder: LiveDetector, one_look: Detector, side: int
) -> None:
    """At 0.8 of the first one's height; the rule counts a rival from 0.6 on."""
    shown = frame(("001", side, 20, 60), ("003", round(0.8 * side), 340, 60))
    assert is_crowded(one_look.detect(shown))
    assert is_crowded(finder.glance(shown))


@pytest.mark.parametrize("size", [(1280, 960), (641, 479), (320, 240)])
def test_any_frame_size_serves(finder: LiveDetector, size: tuple[int, int]) -> None:
    side = size[1] // 2
    shown = frame(("001", side, size[0] // 4, side // 2), size=size)
    (first,) = finder.glance(shown)
    found = finder.closer(shown, first)
    assert np.abs(found.landmarks - first.landmarks).max() < 0.1 * side
    assert (found.landmarks > 0).all()


def test_a_face_that_is_not_found_again_stays_as_it_was(finder: LiveDetector) -> None:
    empty = frame()
    face = Face(np.array([200, 100, 90, 120], np.float32), np.ones((5, 2), np.float32), 0.9)
    assert finder.closer(empty, face) is face
