"""The augmented template of a live frame is the one that the thresholds were measured with."""

import numpy as np
import pytest
from PIL import Image

from gate.models.face_track import TrackView
from gate.models.frame_analysis import FrameAnalysis
from gate.models.still_pictures import StillPictures
from gate.ports import Frame
from gate.ports.values import TemplateKind
from tests.networks import networks, portrait

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def eyes() -> FrameAnalysis:
    return FrameAnalysis(networks(), 1)


@pytest.mark.parametrize(("number", "side"), [("001", 250), ("002", 330), ("003", 440)])
def test_a_live_augmented_template_is_a_calibrated_one(
    eyes: FrameAnalysis, number: str, side: int
) -> None:
    shown = Image.new("RGB", (640, 480), (110, 110, 110))
    shown.paste(Image.fromarray(portrait(number)).resize((side, side)), (90, 20))
    pixels = np.asarray(shown)
    augmented = TemplateKind.AUGMENTED
    live = eyes.look(Frame(pixels, 0, 0), TrackView(), kind=augmented).probes[0]
    assert live.kind is TemplateKind.AUGMENTED
    stills = StillPictures(networks())
    face = stills.most_central_face(pixels)
    assert face is not None
    calibrated = stills.augmented(pixels, stills.refined(pixels, face))
    cosine = float(live.template @ calibrated)
    assert cosine > 0.99, cosine
    single = eyes.look(Frame(pixels, 0, 0), TrackView()).probes[0]
    assert float(single.template @ calibrated) < cosine
