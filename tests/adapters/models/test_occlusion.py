"""What covers a face: real networks, drawn things (`covering.py`), the real watcher."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gate.core.exam import FacePolicy
from gate.core.reasons import Advice, Reason
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.clock import SimulatedClock
from gate.errors import PhotoRejected
from gate.models.camera_thread import CameraThread
from gate.models.portrait import PortraitJudge
from gate.models.still_pictures import StillPictures
from gate.ports import Reference
from tests.adapters.models.covering import COVERED, UNCOVERED, drawn, on_a_photograph
from tests.networks import networks, portrait

pytestmark = [pytest.mark.models, pytest.mark.slow]

POLICY = FacePolicy(liveness="off", fmr=1e-3, probe_frames=3, probe_seconds=1.5)
COVERS = {
    Advice.REMOVE_MASK,
    Advice.REMOVE_HAT,
    Advice.REMOVE_SUNGLASSES,
    Advice.SHOW_EYES,
    Advice.UNCOVER_FACE,
}


def clock_ns() -> int:
    return SimulatedClock().now().mono_ns


def png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture(scope="module")
def enroller() -> PortraitJudge:
    return PortraitJudge(networks())


def covered_by(enroller: PortraitJudge, picture: np.ndarray) -> tuple[str, ...]:
    """What a ticket photo is refused for; nothing where it becomes a reference."""
    try:
        enroller.enrol(png(picture))
    except PhotoRejected as e:
        return tuple(e.facts.get("covered_by", ("another fault",)))
    return ()


@pytest.mark.parametrize(
    ("thing", "name"),
    [("mask", "mask"), ("hat", "hat"), ("sunglasses", "sunglasses"), ("paper", "mask")],
)
def test_a_covered_photograph_is_no_reference(
    enroller: PortraitJudge, thing: str, name: str
) -> None:
    assert covered_by(enroller, on_a_photograph("obama-senate", ())) == ()
    assert name in covered_by(enroller, on_a_photograph("obama-senate", COVERED[thing]))


def test_the_words_say_what_covers(enroller: PortraitJudge) -> None:
    with pytest.raises(PhotoRejected, match="mask") as caught:
        enroller.enrol(png(on_a_photograph("sunak", COVERED["hat and mask"])))
    assert "hat" in caught.value.en
    assert "口罩" in caught.value.zh
    assert "帽子" in caught.value.zh


@pytest.mark.parametrize("things", UNCOVERED)
def test_what_leaves_the_face_free_is_no_cover(enroller: PortraitJudge, things: str) -> None:
    stills = StillPictures(networks())
    for number in ("001", "019", "043"):
        picture = portrait(number)
        face = stills.most_central_face(picture)
        assert face is not None
        assert covered_by(enroller, drawn(picture, face.landmarks, UNCOVERED[things], 5)) == ()


@pytest.fixture
async def camera() -> SimulatedCamera:
    return SimulatedCamera(fps=30)


@pytest.fixture
async def watcher(camera: SimulatedCamera) -> AsyncIterator[CameraThread]:
    async with CameraThread(camera, networks(), SimulatedClock(), fps=30, threads=1) as made:
        yield made


@pytest.mark.parametrize(
    ("thing", "wanted"),
    [
        ("mask", Advice.REMOVE_MASK),
        ("hat", Advice.REMOVE_HAT),
        ("sunglasses", Advice.REMOVE_SUNGLASSES),
        ("hat and mask", Advice.UNCOVER_FACE),
    ],
)
async def test_a_covered_live_face_is_told_what_to_take_off(
    watcher: CameraThread, camera: SimulatedCamera, tmp_path: Path, thing: str, wanted: Advice
) -> None:
    """Though the very same picture is the reference, as it could be before."""
    picture = on_a_photograph("obama-senate", COVERED[thing])
    (tmp_path / "live.png").write_bytes(png(picture))
    stills = StillPictures(networks())
    face = stills.most_central_face(picture)
    assert face is not None
    template = stills.augmented(picture, stills.refined(picture, face))
    camera.person([tmp_path / "live.png"])
    judged = await watcher.judge(Reference(template, None, None, None), POLICY, clock_ns())
    assert (judged.reason, judged.advice) == (Reason.FACE_POOR, wanted)


async def test_two_people_in_one_hat_and_mask_are_not_one(
    watcher: CameraThread, camera: SimulatedCamera, tmp_path: Path
) -> None:
    """Portraits: the reference is another person's with the same things on."""
    stills = StillPictures(networks())

    def covered(number: str, kind: str) -> np.ndarray:
        picture = portrait(number, kind)
        face = stills.most_central_face(picture)
        assert face is not None
        return drawn(picture, face.landmarks, COVERED["hat and mask"], 7)

    ticket = covered("001", "neutral")
    face = stills.most_central_face(ticket)
    assert face is not None
    template = stills.augmented(ticket, stills.refined(ticket, face))
    (tmp_path / "live.png").write_bytes(png(covered("003", "smiling")))
    camera.person([tmp_path / "live.png"])
    judged = await watcher.judge(Reference(template, None, None, None), POLICY, clock_ns())
    assert judged.reason is Reason.FACE_POOR
    assert judged.advice in COVERS
