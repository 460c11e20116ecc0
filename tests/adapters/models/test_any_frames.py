"""Any picture of a camera gets an answer with a named reason from the Matcher port.

Its thread lives on. Any ticket photo ends in a template or a named reason. Real networks.
"""

import asyncio
import io
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from gate.core.events import FaceJudged
from gate.core.exam import FacePolicy
from gate.core.reasons import Reason
from gate.drivers.simulated.clock import SimulatedClock
from gate.errors import InputRejected, PhotoRejected
from gate.models import camera_thread as module
from gate.models.camera_thread import CameraThread
from gate.models.frame_analysis import FrameAnalysis
from gate.models.photo_file import decode_photo
from gate.models.picture_arrays import check_picture
from gate.models.portrait import PortraitJudge
from gate.models.still_pictures import StillPictures
from gate.ports import Frame, Reference
from tests.examples import examples
from tests.networks import networks, portrait

pytestmark = pytest.mark.models

WIDTH, HEIGHT = 640, 480
POOR = {Reason.NO_FACE, Reason.FACE_POOR}
SOMEBODY = {Reason.FACE_MISMATCH}


class Played:
    """A camera that hands over these pixels, whatever they are, and begins anew after the last."""

    def __init__(self, pixels: Sequence[Any], clock: SimulatedClock) -> None:
        self._pixels = list(pixels)
        self._clock = clock
        self._number = 0
        self.played = threading.Event()

    def __enter__(self) -> "Played":
        return self

    def __exit__(self, *_: object) -> None: ...

    def capture(self, timeout_s: float) -> Frame:
        self._number += 1
        if self._number > len(self._pixels):
            self.played.set()
        pixels = self._pixels[self._number % len(self._pixels)]
        return Frame(pixels, self._clock.now().mono_ns, self._number)

    def set_exposure_value(self, stops: float) -> None: ...


@cache
def real_eyes() -> FrameAnalysis:
    """Loaded once: one watcher at a time has them."""
    return FrameAnalysis(networks(), 1)


@pytest.fixture(autouse=True, scope="module")
def eyes_loaded_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FrameAnalysis", lambda *_: real_eyes())
        yield


async def shown(pixels: Sequence[Any], seconds: float = 0.02) -> FaceJudged:
    """The verdict once all these frames were seen, through the port; the thread must outlive
    them. `seconds`: for judging, at most."""
    clock = SimulatedClock()
    camera = Played(pixels, clock)
    reference = Reference(np.eye(1, 128, dtype=np.float32)[0], None, None, None)
    async with CameraThread(camera, networks(), clock, fps=1e6, threads=1) as watcher:
        while not camera.played.is_set():
            assert watcher.stalled_s >= 0  # raises what ended the thread
            await asyncio.sleep(0)
        judged = await watcher.judge(
            reference,
            FacePolicy(liveness="off", fmr=1e-3, probe_frames=3, probe_seconds=seconds),
            found_ns=0,
        )
        assert watcher.stalled_s >= 0
        watcher.evidence()
        watcher.forget()
    return judged


def plain(value: int, *shape: int) -> np.ndarray:
    return np.full(shape, value, np.uint8)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8)


def face_frame(side: int = 440) -> np.ndarray:
    frame = Image.new("RGB", (WIDTH, HEIGHT), (110, 110, 110))
    face = Image.fromarray(portrait("001")).resize((side, side))
    frame.paste(face, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
    return np.asarray(frame)


def thousand_faces(side: int) -> np.ndarray:
    """40 columns, 25 rows of one head."""
    head = Image.fromarray(portrait("001")).resize((side, side))
    return np.tile(np.asarray(head), (25, 40, 1))


NO_PERSON = {
    "no rows": plain(0, 0, 0, 3),
    "no columns": plain(0, HEIGHT, 0, 3),
    "one number": np.array(3, np.uint8),
    "one row of numbers": plain(9, 640),
    "five dimensions": plain(9, 1, 1, 2, 2, 3),
    "two channels": plain(9, HEIGHT, WIDTH, 2),
    "seven channels": plain(9, HEIGHT, WIDTH, 7),
    "floating point": np.zeros((HEIGHT, WIDTH, 3)),
    "not a number": np.full((HEIGHT, WIDTH, 3), np.nan, np.float32),
    "16 bits": np.zeros((HEIGHT, WIDTH, 3), np.uint16),
    "16 bits grey": np.zeros((HEIGHT, WIDTH), np.uint16),
    "truth values": np.ones((HEIGHT, WIDTH, 3), np.bool_),
    "objects": np.full((2, 2, 3), None),
    "one pixel": plain(128, 1, 1, 3),
    "one row": noise(1, 20_000, 3),
    "one column": noise(20_000, 1, 3),
    "black": plain(0, HEIGHT, WIDTH, 3),
    "white": plain(255, HEIGHT, WIDTH, 3),
    "noise": noise(HEIGHT, WIDTH, 3),
    "noise with four channels": noise(HEIGHT, WIDTH, 4),
    "grey noise": noise(HEIGHT, WIDTH),
    "grey noise as one channel": noise(HEIGHT, WIDTH, 1),
    "twelve million pixels": np.broadcast_to(plain(77, 1, 1, 3), (3000, 4000, 3)),
}


@pytest.mark.parametrize("name", NO_PERSON)
async def test_what_shows_nobody_is_told_as_nobody(name: str) -> None:
    assert (await shown([NO_PERSON[name]] * 3)).reason is Reason.NO_FACE


def people() -> dict[str, tuple[np.ndarray, set[Reason]]]:
    face = face_frame()
    grey = np.asarray(Image.fromarray(face).convert("L"))
    return {
        "a face": (face, SOMEBODY),
        "a face with four channels": (np.dstack([face, plain(0, HEIGHT, WIDTH)]), SOMEBODY),
        "a grey face": (grey, SOMEBODY),
        "a grey face as one channel": (grey[..., None], SOMEBODY),
        "a face column by column in memory": (np.asfortranarray(face), SOMEBODY),
        "a mirrored face": (face[:, ::-1], SOMEBODY),
        "upside down": (face[::-1, ::-1], POOR),
        "on the side": (np.rot90(face), POOR),
        "half outside": (face[:, WIDTH // 2 :], POOR | SOMEBODY),
        "a head larger than the frame": (face[140:330, 220:420], POOR | SOMEBODY),
        "a face in the dark": (face // 12, POOR),
        "a tiny face": (face_frame(60), POOR),
        "two people": (np.hstack([face[:, 160:480], face[:, 160:480]]), {Reason.SEVERAL_FACES}),
        "a thousand small faces": (thousand_faces(16), POOR | {Reason.SEVERAL_FACES}),
        "a thousand faces": (thousand_faces(100), POOR | {Reason.SEVERAL_FACES}),
    }


PEOPLE = (
    "a face",
    "a face with four channels",
    "a grey face",
    "a grey face as one channel",
    "a face column by column in memory",
    "a mirrored face",
    "upside down",
    "on the side",
    "half outside",
    "a head larger than the frame",
    "a face in the dark",
    "a tiny face",
    "two people",
    "a thousand small faces",
    "a thousand faces",
)


@pytest.mark.parametrize("name", PEOPLE)
async def test_people_end_in_a_named_reason(name: str) -> None:
    pixels, wanted = people()[name]
    judged = await shown([pixels] * 4, seconds=10 if wanted == SOMEBODY else 0.05)
    assert judged.reason in wanted, judged
    assert (judged.advice is not None) == (judged.reason is Reason.FACE_POOR)


async def test_a_bad_frame_between_good_ones_costs_that_frame_only() -> None:
    face = face_frame()
    judged = await shown([face, NO_PERSON["floating point"], face, NO_PERSON["no rows"], face], 10)
    assert judged.reason is Reason.FACE_MISMATCH


SIDES = st.integers(0, 70)
SHAPES = st.one_of(
    st.tuples(SIDES, SIDES, st.just(3)),
    st.tuples(SIDES, SIDES, st.integers(0, 5)),
    hnp.array_shapes(min_dims=0, max_dims=4, max_side=40),
)
TYPES = st.sampled_from([np.uint8, np.uint8, np.uint8, np.bool_, np.int16, np.uint16, np.float32])
FILLS = st.one_of(st.just(0), st.just(255), st.integers(0, 255), st.none())


@st.composite
def any_pixels(draw: Any) -> np.ndarray:
    """One value, or noise, of any shape, type and order in memory."""
    shape, fill = draw(SHAPES), draw(FILLS)
    pixels = noise(*shape) if fill is None else plain(fill, *shape)
    pixels = pixels.astype(draw(TYPES))
    return draw(st.sampled_from([pixels, pixels[::-1], pixels.T])) if pixels.ndim else pixels


@given(st.lists(any_pixels(), min_size=1, max_size=8))
@examples(60)
def test_no_sequence_of_frames_raises_past_the_port(sequence: list[np.ndarray]) -> None:
    judged = asyncio.run(shown(sequence))
    assert judged.reason in {Reason.NO_FACE, Reason.FACE_POOR}


# -- still pictures --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stills() -> StillPictures:
    return StillPictures(networks())


@pytest.mark.parametrize("name", NO_PERSON)
def test_a_still_picture_without_a_face_has_none_or_is_refused(
    stills: StillPictures, name: str
) -> None:
    pixels = NO_PERSON[name]
    try:
        check_picture(pixels)
    except InputRejected:
        with pytest.raises(InputRejected):
            stills.faces(pixels)
    else:
        assert stills.faces(pixels) == []
        assert stills.most_central_face(pixels) is None


PHOTOS = {
    "one pixel": (plain(128, 1, 1, 3), "no-face"),
    "one row": (noise(1, 20_000, 3), "no-face"),
    "one column": (noise(20_000, 1, 3), "no-face"),
    "noise": (noise(600, 450, 3), "no-face"),
    "black": (plain(0, 600, 450, 3), "no-face"),
    "grey": (plain(90, 600, 450), "no-face"),
    "four channels": (noise(300, 200, 4), "no-face"),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_ticket_photo_without_a_face_says_so(enroller: PortraitJudge, name: str) -> None:
    pixels, reason = PHOTOS[name]
    assert refusal(enroller, png(pixels)) == reason


@pytest.fixture(scope="module")
def enroller() -> PortraitJudge:
    return PortraitJudge(networks())


def png(pixels: np.ndarray) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def refusal(enroller: PortraitJudge, photo: bytes) -> str:
    with pytest.raises(PhotoRejected) as refused:
        enroller.enrol(photo)
    return str(refused.value.reason)


def test_a_ticket_photo_of_a_thousand_faces_is_refused(enroller: PortraitJudge) -> None:
    assert refusal(enroller, png(thousand_faces(60))) in {"several-faces", "no-face"}


@given(st.binary(max_size=200))
@examples(100)
def test_no_bytes_raise_anything_but_a_named_refusal(data: bytes) -> None:
    for photo in (data, png(noise(8, 8, 3))[: len(data)], b"\xff\xd8\xff" + data):
        with pytest.raises(PhotoRejected):
            decode_photo(photo)
