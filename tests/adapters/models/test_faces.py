"""Detector, recogniser and enrolment on real networks; portraits where GATE_FACES has them."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gate.errors import GateBug, InputRejected, PhotoRejected
from gate.models.alignment import align
from gate.models.augmented_template import augmented_template
from gate.models.detector import Detector
from gate.models.matching import Thresholds
from gate.models.network_files import model_path
from gate.models.portrait import PortraitJudge
from gate.models.quality import LIVE
from gate.models.recogniser import Recogniser
from tests.networks import faces_folder, networks, portrait

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(model_path(networks(), "yunet-640x480"))


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(model_path(networks(), "sface"))


@pytest.fixture(scope="module")
def enroller() -> PortraitJudge:
    return PortraitJudge(networks())


def frame_with(face: np.ndarray, height: int, left: int, top: int = 0) -> np.ndarray:
    frame = np.full((480, 640, 3), 90, np.uint8)
    image = Image.fromarray(face)
    image = image.resize((image.width * height // image.height, height))
    frame[top : top + height, left : left + image.width] = np.asarray(image)
    return frame


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (3000, 2), (480, 640), (7, 9), (481, 641)])
def test_a_plain_picture_of_any_size_shows_no_face(
    detector: Detector, shape: tuple[int, int]
) -> None:
    assert detector.detect(np.full((*shape, 3), 127, np.uint8)) == []


@pytest.mark.parametrize("shape", [(0, 640, 3), (480, 640), (480, 640, 4), (480, 640, 1)])
def test_what_is_no_picture_is_rejected(detector: Detector, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputRejected):
        detector.detect(np.zeros(shape, np.uint8))


def test_a_face_does_not_stay_behind_in_the_input(detector: Detector) -> None:
    """The network's input is reused; a small picture after a large one must not see it."""
    assert detector.detect(frame_with(portrait("001"), 400, 100))
    assert detector.detect(np.full((32, 32, 3), 127, np.uint8)) == []


def test_two_faces_are_two_and_the_surer_comes_first(detector: Detector) -> None:
    frame = frame_with(portrait("001"), 300, 0)
    frame[:, 320:] = frame_with(portrait("002"), 300, 320)[:, 320:]
    faces = detector.detect(frame)
    assert len(faces) == 2
    assert faces[0].score >= faces[1].score
    assert {int(f.box[0] > 300) for f in faces} == {0, 1}


def test_landmarks_stand_in_their_order(detector: Detector) -> None:
    (face,) = detector.detect(frame_with(portrait("001"), 400, 100))
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


@pytest.mark.parametrize("factor", [2, 4.5])
def test_a_larger_picture_gives_the_same_place(detector: Detector, factor: float) -> None:
    """Scaled down for the network, the face comes back in pixels of the large picture."""
    small = frame_with(portrait("001"), 400, 100)
    size = (int(640 * factor), int(480 * factor))
    large = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    (one,), (other,) = detector.detect(small), detector.detect(large)
    assert np.abs(other.landmarks / factor - one.landmarks).max() < 1.5


def test_templates_tell_people_apart(detector: Detector, recogniser: Recogniser) -> None:
    def template(number: str, kind: str) -> np.ndarray:
        frame = frame_with(portrait(number, kind), 400, 100)
        return recogniser.embed(align(frame, detector.detect(frame)[0].landmarks))

    one, again, other = (
        template("001", "neutral"),
        template("001", "smiling"),
        template("003", "neutral"),
    )
    threshold = Thresholds.load().threshold(1e-4, 1, "raw")
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert one @ again > threshold > one @ other


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_lying_or_inverted_face_is_hardly_a_face(
    detector: Detector, recogniser: Recogniser, turns: int
) -> None:
    """Where the detector finds one at all, the recogniser says that it is none; upright it does."""
    for number in ("001", "002", "003"):
        upright = frame_with(portrait(number), 400, 100)
        turned = np.ascontiguousarray(np.rot90(upright[:, 80:560], turns))
        assert feature_norm(detector, recogniser, upright) > LIVE.feature_norm
        assert (feature_norm(detector, recogniser, turned) or 0) < LIVE.feature_norm


def feature_norm(detector: Detector, recogniser: Recogniser, frame: np.ndarray) -> float | None:
    faces = detector.detect(frame)
    chip = align(frame, faces[0].landmarks) if faces else None
    return None if chip is None else recogniser.embed_with_feature_norm(chip)[1]


def test_the_augmented_template_is_near_the_single_view_and_does_not_hang_on_a_mirror(
    detector: Detector, recogniser: Recogniser
) -> None:
    frame = frame_with(portrait("001"), 400, 100)
    face = detector.detect(frame)[0]
    augmented = augmented_template(detector, recogniser, frame, face)
    single = recogniser.embed(align(frame, face.landmarks))
    assert np.linalg.norm(augmented) == pytest.approx(1, abs=1e-5)
    assert augmented @ single > 0.9
    other_way = np.ascontiguousarray(frame[:, ::-1])
    mirrored = augmented_template(detector, recogniser, other_way, detector.detect(other_way)[0])
    plain = recogniser.embed(align(other_way, detector.detect(other_way)[0].landmarks))
    assert augmented @ mirrored > max(0.99, single @ plain)


def test_an_unaligned_chip_is_a_bug(recogniser: Recogniser) -> None:
    with pytest.raises(GateBug):
        recogniser.embed(np.zeros((113, 112, 3), np.uint8))


def jpeg(picture: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def reason(enroller: PortraitJudge, data: bytes) -> object:
    with pytest.raises(PhotoRejected) as caught:
        enroller.enrol(data)
    return caught.value.reason


def test_unusable_photos_are_rejected_with_their_reason(enroller: PortraitJudge) -> None:
    assert reason(enroller, b"\xff\xd8 not a photo") == "damaged"
    assert reason(enroller, jpeg(np.full((200, 150, 3), 200, np.uint8))) == "no-face"
    assert reason(enroller, jpeg(np.full((1, 1, 3), 200, np.uint8))) == "no-face"


def test_a_portrait_is_enrolled(enroller: PortraitJudge) -> None:
    picture = portrait("001")
    enrolled = enroller.enrol(jpeg(picture))
    assert enrolled.size == (picture.shape[1], picture.shape[0])
    assert enrolled.face_count == 1
    assert enrolled.quality.score >= 0.5
    assert np.linalg.norm(enrolled.template) == pytest.approx(1, abs=1e-5)


def test_a_photo_upside_down_is_no_face(enroller: PortraitJudge) -> None:
    assert reason(enroller, jpeg(np.rot90(portrait("001"), 2))) == "no-face"


def test_two_people_in_a_photo_are_rejected(enroller: PortraitJudge) -> None:
    both = np.concatenate([portrait("001")[:500], portrait("002")[:500]], axis=1)
    assert reason(enroller, jpeg(both)) == "several-faces"


def test_a_tiny_face_is_rejected(enroller: PortraitJudge) -> None:
    image = Image.fromarray(portrait("001"))
    small = np.asarray(image.resize((image.width // 10, image.height // 10)))
    assert reason(enroller, jpeg(small)) == "too-small"


def test_a_photo_on_its_side_gives_the_same_template(enroller: PortraitJudge) -> None:
    picture = portrait("001")
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = enroller.enrol(jpeg(np.rot90(picture), exif=exif))
    assert lying.template @ enroller.enrol(jpeg(picture)).template > 0.98


def test_a_small_copy_gives_nearly_the_same_template(enroller: PortraitJudge) -> None:
    """Ticket photos come small: 240 px wide."""
    image = Image.fromarray(portrait("001"))
    small = np.asarray(
        image.resize((240, image.height * 240 // image.width), Image.Resampling.LANCZOS)
    )
    one, other = enroller.enrol(jpeg(np.asarray(image))), enroller.enrol(jpeg(small))
    assert one.template @ other.template > 0.8


def test_the_runtimes_own_notice_stays_away_and_other_lines_do_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    program = (
        "import os, sys\n"
        "from gate.models import interpreter\n"
        "from gate.models.network_files import model_path\n"
        "make = interpreter._interpreter_class()\n"
        "def talkative(**named):\n"
        "    os.write(2, b'WARNING: of the runtime\\n'); return make(**named)\n"
        "interpreter._interpreter_class = lambda: talkative\n"
        "from pathlib import Path\n"
        "interpreter.make_interpreter(model_path(Path(sys.argv[1]), 'sface')).invoke()"
    )
    subprocess.run([sys.executable, "-c", program, networks()], check=True)
    assert capfd.readouterr().err == "WARNING: of the runtime\n"


def changed_portrait(how: str) -> bytes:
    """A good portrait with one thing wrong."""
    image = Image.fromarray(portrait("003"))
    changed = {
        "nothing": lambda: image,
        "turned": lambda: image.rotate(20, Image.Resampling.BICUBIC, fillcolor=(200, 200, 200)),
        "blurred": lambda: image.filter(ImageFilter.GaussianBlur(5)),
        "dark": lambda: image.point(lambda v: int(v * 0.2)),
        "bright": lambda: image.point(lambda v: min(255, v * 2)),
    }[how]()
    return jpeg(np.asarray(changed))


@pytest.mark.parametrize(
    ("how", "reasons"),
    [
        ("nothing", []),
        ("turned", ["pose"]),
        ("blurred", ["blurred"]),
        ("dark", ["too-dark"]),
        ("bright", ["too-bright"]),
    ],
)
def test_a_photo_that_should_be_better_is_named_and_still_a_reference(
    enroller: PortraitJudge, how: str, reasons: list[str]
) -> None:
    judged = enroller.judge(changed_portrait(how))
    assert [f.reason for f in judged.findings] == reasons
    assert judged.usable
    assert judged.template is not None
    assert enroller.enrol(changed_portrait(how)).template @ judged.template > 0.8


def test_finer_landmarks_settle_a_doubt_of_the_first_look(enroller: PortraitJudge) -> None:
    """By the landmarks of one look this portrait wears a hat (0.76 against a bound of 0.75)."""
    bare_headed = faces_folder() / "london" / "003_smiling.jpg"
    assert enroller.judge(bare_headed.read_bytes()).findings == ()


def test_what_enrolment_rejects_the_judgement_names(enroller: PortraitJudge) -> None:
    two = jpeg(np.concatenate([portrait("001")[:500], portrait("002")[:500]], axis=1))
    for data in (b"", b"\xff\xd8 not a photo", jpeg(np.full((9, 9, 3), 9, np.uint8)), two):
        judged = enroller.judge(data)
        assert judged.findings[0].reason == reason(enroller, data)
        assert not judged.usable
