"""The watcher: its thread with eyes that see what the test says, then the real networks on real
photographs."""

import asyncio
import io
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gate.core.exam import FacePolicy
from gate.core.reasons import Advice, Reason
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.clock import SimulatedClock
from gate.errors import ModelDamaged
from gate.models import camera_thread as module
from gate.models import match_attempt
from gate.models.camera_thread import CameraThread
from gate.models.face_track import Observation, TrackView, with_observation
from gate.models.network_files import default_folder, verify
from gate.ports import Face, Frame, Reference
from gate.ports.values import TemplateKind
from tests.unit.gate.models.test_face_track import face, good, template
from tests.waiting import soon

FPS = 200
EARLIER = 0
"""Found before anything that these tests show."""
POLICY = FacePolicy(liveness="off", fmr=1e-3, probe_frames=3, probe_seconds=0.1)


class ScriptedEyes:
    """Sees `who` in every frame; None: nobody. The networks have their own tests below."""

    who: int | None = None
    breaks = False

    def __init__(self, *_: Any) -> None:
        type(self).who, type(self).breaks = None, False

    def look(
        self,
        frame: Frame,
        view: TrackView,
        kind: TemplateKind = TemplateKind.SINGLE,
        acting: bool = False,
    ) -> TrackView:
        if self.breaks:
            raise KeyError("bug")
        if self.who is None:
            return with_observation(view, Observation(frame.mono_ns, False))
        return good(view, frame.mono_ns, self.who, face(), kind=kind)

    def faces(self, _: Any) -> list[Face]:
        return [face()]


@pytest.fixture
def camera() -> SimulatedCamera:
    return SimulatedCamera(fps=FPS)


@pytest.fixture
async def watcher(
    camera: SimulatedCamera, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CameraThread]:
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)
    monkeypatch.setattr(module, "CAPTURE_S", 0.05)
    monkeypatch.setattr(module, "REOPEN_S", 0.02)
    async with CameraThread(camera, Path(), SimulatedClock(), fps=FPS, threads=1) as made:
        yield made


class Opening(SimulatedCamera):
    """Its start takes as long as the test says."""

    def __init__(self) -> None:
        super().__init__(fps=FPS)
        self.begun, self.may_open = threading.Event(), threading.Event()

    def __enter__(self) -> "Opening":
        self.begun.set()
        self.may_open.wait()
        super().__enter__()
        return self


async def test_a_camera_that_is_being_opened_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lamps and barrier are made safe after the watcher, and systemd kills at 20 s."""
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)
    monkeypatch.setattr(module, "END_S", 0.05)
    camera = Opening()
    async with CameraThread(camera, Path(), SimulatedClock(), fps=FPS, threads=1):
        await soon(camera.begun.is_set)
    assert not camera.may_open.is_set()
    camera.may_open.set()


def reference(who: int) -> Reference:
    return Reference(template(who), None, None, None)


async def test_a_face_in_hand_is_let_in(watcher: CameraThread) -> None:
    ScriptedEyes.who = 1
    await soon(lambda: len(watcher._view.probes) >= 3)
    judged = await watcher.judge(reference(1), POLICY, EARLIER)
    assert (judged.reason, judged.frames, judged.fresh) == (Reason.OK, 3, 3)


@pytest.mark.parametrize(("asked", "used"), [(1e-3, 1e-3), (1e-6, 1e-5)])
async def test_a_rate_below_the_measured_ones_is_the_least_of_them_and_told(
    watcher: CameraThread, asked: float, used: float
) -> None:
    """Without a cohort nothing below 1e-5 is measured; a look-alike's rate may be below it."""
    ScriptedEyes.who = 1
    await soon(lambda: len(watcher._view.probes) >= 3)
    judged = await watcher.judge(reference(1), replace(POLICY, fmr=asked), EARLIER)
    assert (judged.reason, judged.fmr) == (Reason.OK, pytest.approx(used))


async def test_a_face_seen_before_the_card_is_seen_once_more(
    watcher: CameraThread, camera: SimulatedCamera
) -> None:
    """The camera hangs, the owner's probes lie there, the card comes: they admit nobody."""
    ScriptedEyes.who = 1
    await soon(lambda: len(watcher._view.probes) >= 3)
    camera.fault("camera-frozen", True)
    found_ns = watcher._clock.now().mono_ns
    judged = await watcher.judge(reference(1), POLICY, found_ns)
    assert (judged.reason, judged.frames) == (Reason.NO_FACE, 0)
    camera.fault("camera-frozen", False)
    judged = await watcher.judge(reference(1), replace(POLICY, probe_seconds=60), found_ns)
    assert judged.reason is Reason.OK
    assert 1 <= judged.fresh == judged.frames


async def test_an_old_frame_admits_nobody_even_if_it_is_of_after_the_card(
    watcher: CameraThread, camera: SimulatedCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs after the card: nobody knows who is there now."""
    monkeypatch.setattr(match_attempt, "RECENT_NS", 0)
    monkeypatch.setattr(match_attempt, "CONFIRM_NS", 0)
    ScriptedEyes.who = 1
    await soon(lambda: len(watcher._view.probes) >= 3)
    camera.fault("camera-frozen", True)
    judged = await watcher.judge(reference(1), POLICY, EARLIER)
    assert (judged.reason, judged.frames) == (Reason.NO_FACE, 0)


async def test_evidence_is_of_the_face_that_was_judged(watcher: CameraThread) -> None:
    """Whoever comes before the camera after the verdict is not the doubtful one."""
    ScriptedEyes.who = 2
    await soon(lambda: watcher._view.probes)
    policy = replace(POLICY, probe_seconds=60)
    assert (await watcher.judge(reference(1), policy, EARLIER)).reason is Reason.FACE_MISMATCH
    kept = watcher._judged
    assert kept is not None
    last_ns = kept.mono_ns
    await soon(lambda: watcher._view.observations[-1].mono_ns > last_ns)
    ScriptedEyes.who = None
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE
    assert watcher._judged is kept
    watcher.forget()
    assert watcher._judged is None


async def test_whoever_comes_after_the_card_is_awaited(watcher: CameraThread) -> None:
    under_way = asyncio.create_task(
        watcher.judge(reference(1), replace(POLICY, probe_seconds=5), EARLIER)
    )
    await soon(lambda: watcher._waiting)
    ScriptedEyes.who = 1
    assert (await under_way).reason is Reason.OK


async def test_a_stranger_gets_further_frames_before_the_answer(watcher: CameraThread) -> None:
    ScriptedEyes.who = 2
    await soon(lambda: watcher._view.probes)
    judged = await watcher.judge(reference(1), replace(POLICY, probe_seconds=5), EARLIER)
    assert (judged.reason, judged.frames) == (Reason.FACE_MISMATCH, 3)


async def test_a_second_attempt_sees_the_face_anew(
    watcher: CameraThread, camera: SimulatedCamera
) -> None:
    """What a failed attempt has judged is no second chance; once forgotten it is over."""
    ScriptedEyes.who = 2
    await soon(lambda: len(watcher._view.probes) >= 3)
    camera.fault("camera-frozen", True)
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.FACE_MISMATCH
    assert (await watcher.judge(reference(2), POLICY, EARLIER)).frames == 0
    watcher.forget()
    assert watcher._tried_ns == 0


async def test_the_undecided_get_augmented_probes(watcher: CameraThread) -> None:
    ScriptedEyes.who = 2
    await soon(lambda: watcher._view.probes)
    assert not any(p.kind is TemplateKind.AUGMENTED for p in watcher._view.probes)
    await watcher.judge(reference(1), replace(POLICY, probe_seconds=5), EARLIER)
    assert any(p.kind is TemplateKind.AUGMENTED for p in watcher._view.probes)
    assert not watcher._waiting


async def test_nobody_is_told_at_the_deadline(watcher: CameraThread) -> None:
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE


async def test_forgotten_probes_never_serve_the_next_one(
    watcher: CameraThread, camera: SimulatedCamera
) -> None:
    ScriptedEyes.who = 1
    await soon(lambda: len(watcher._view.probes) >= 3)
    ScriptedEyes.who = None
    watcher.forget()
    assert watcher._view.probes == ()
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE


async def test_a_frame_from_before_forgetting_is_dropped(watcher: CameraThread) -> None:
    old = Frame(np.zeros((4, 4, 3), np.uint8), watcher._clock.now().mono_ns, 1)
    watcher.forget()
    watcher._keep(old, good(TrackView(), old.mono_ns, who=1))
    assert watcher._view.probes == ()
    assert watcher._with_face is None


async def test_a_cancelled_judging_leaves_it_usable(watcher: CameraThread) -> None:
    under_way = asyncio.create_task(
        watcher.judge(reference(1), replace(POLICY, probe_seconds=60), EARLIER)
    )
    await soon(lambda: watcher._waiting)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert not watcher._waiting
    ScriptedEyes.who = 1
    await soon(lambda: watcher._view.probes)
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.OK


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["camera-frozen", "camera-unplugged"])
async def test_a_lost_camera_stalls_and_comes_back(
    watcher: CameraThread, camera: SimulatedCamera, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    await soon(lambda: watcher._newest)
    assert watcher.stalled_s == 0
    watcher._stall_s = 0.1
    camera.fault(fault, True)
    await soon(lambda: watcher.stalled_s > 0.2)
    assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE
    camera.fault(fault, False)
    await soon(lambda: watcher.stalled_s == 0)
    assert next(r.levelname for r in caplog.records if r.name == "gate.watcher") == "WARNING"
    assert len([r for r in caplog.records if r.name == "gate.watcher"]) <= 2


async def test_a_long_look_is_no_fault_of_the_camera(
    watcher: CameraThread, camera: SimulatedCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside busy loops a look at one frame took over 2 s, and the gate was out of service. The
    next frame is awaited only when the look is over."""
    looking, go_on = threading.Event(), threading.Event()

    def look(eyes: ScriptedEyes, frame: Frame, view: TrackView, *_: Any) -> TrackView:
        looking.set()
        go_on.wait(10)
        return view

    await soon(lambda: watcher._newest)
    monkeypatch.setattr(ScriptedEyes, "look", look)
    await asyncio.to_thread(looking.wait, 60)
    watcher._fresh_ns -= 5_000_000_000
    assert watcher.stalled_s == 0
    watcher._fresh_ns -= 6_000_000_000
    assert watcher.stalled_s > module.HANGS_S, "a look that never ends is told"
    camera.fault("camera-frozen", True)
    go_on.set()
    await soon(lambda: not watcher._is_looking)
    assert watcher.stalled_s == 0
    watcher._stall_s = 0.1
    await soon(lambda: watcher.stalled_s > 0.2)


async def test_it_starts_without_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)
    monkeypatch.setattr(module, "REOPEN_S", 0.02)
    camera = SimulatedCamera(fps=FPS)
    camera.fault("camera-unplugged", True)
    async with CameraThread(camera, Path(), SimulatedClock(), fps=FPS, threads=1) as watcher:
        assert watcher.evidence() is None
        watcher._stall_s = 0.05
        await soon(lambda: watcher.stalled_s > 0)
        camera.fault("camera-unplugged", False)
        await soon(lambda: watcher._newest)


async def test_evidence_is_the_frame_with_a_face_else_the_newest(
    watcher: CameraThread, camera: SimulatedCamera
) -> None:
    await soon(lambda: watcher._newest)
    with Image.open(io.BytesIO(watcher.evidence() or b"")) as empty:
        assert (empty.format, empty.size) == ("JPEG", (640, 480))
    ScriptedEyes.who = 1
    await soon(lambda: watcher._with_face)
    ScriptedEyes.who = None
    number = watcher._newest.number
    await soon(lambda: watcher._newest.number > number + 3)
    kept = watcher._with_face
    assert kept is not None
    assert kept.number <= number + 3
    watcher.forget()
    assert watcher._with_face is None


async def test_a_bug_on_the_thread_is_not_silent(watcher: CameraThread) -> None:
    ScriptedEyes.breaks = True
    with pytest.raises(KeyError):
        await soon(lambda: watcher.stalled_s)


async def test_it_can_be_left_twice_and_entered_again(
    watcher: CameraThread, camera: SimulatedCamera
) -> None:
    await watcher.__aexit__(None, None, None)
    await watcher.__aexit__(None, None, None)
    async with watcher:
        ScriptedEyes.who = 1
        assert (await watcher.judge(reference(1), POLICY, EARLIER)).reason is Reason.OK


async def test_models_cut_short_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "yunet-320x256.tflite").write_bytes(b"TFL3")
    watcher = CameraThread(SimulatedCamera(), tmp_path, SimulatedClock(), fps=10, threads=1)
    with pytest.raises(ModelDamaged, match="cut short"):
        async with watcher:
            pass


# -- the real networks -----------------------------------------------------------------------------

FACES = Path(os.environ.get("GATE_FACES", "../shared/faces")) / "london"


@pytest.fixture
async def seeing(camera: SimulatedCamera) -> AsyncIterator[CameraThread]:
    folder = default_folder()
    if verify(folder):
        pytest.skip("the networks are not built: exam-gate models build")
    async with CameraThread(camera, folder, SimulatedClock(), fps=FPS, threads=1) as made:
        yield made


def photographs(*names: str) -> list[Path]:
    paths = [FACES / f"{name}.jpg" for name in names]
    if not all(p.exists() for p in paths):
        pytest.skip(f"no photographs at {FACES}: set GATE_FACES")
    return paths


async def enrolled(watcher: CameraThread, camera: SimulatedCamera, picture: Path) -> Reference:
    """The reference of a photograph, as this very pipeline sees it."""
    camera.person([picture])
    await soon(lambda: watcher._view.probes)
    made = Reference(watcher._view.probes[-1].template, None, None, None)
    camera.nobody()
    await soon(lambda: not watcher._view.probes)
    watcher.forget()
    return made


@pytest.mark.models
async def test_an_empty_doorway_and_a_dark_camera_show_nobody(
    seeing: CameraThread, camera: SimulatedCamera
) -> None:
    assert (await seeing.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE
    camera.fault("camera-dark", True)
    assert (await seeing.judge(reference(1), POLICY, EARLIER)).reason is Reason.NO_FACE


@pytest.mark.models
@pytest.mark.slow
async def test_a_person_walks_up_and_is_told_from_a_stranger(
    seeing: CameraThread, camera: SimulatedCamera
) -> None:
    ticket, live, stranger = photographs("001_neutral", "001_smiling", "002_smiling")
    known = await enrolled(seeing, camera, ticket)
    policy = replace(POLICY, probe_seconds=5)
    camera.person([live])
    judged = await seeing.judge(known, policy, EARLIER)
    assert (judged.reason, judged.normalisation) == (Reason.OK, "raw-strict")
    camera.person([stranger])
    await soon(
        lambda: (
            seeing._view.probes and float(seeing._view.probes[-1].template @ known.template) < 0.3
        )
    )
    assert (await seeing.judge(known, policy, EARLIER)).reason is Reason.FACE_MISMATCH


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.parametrize("turns", [90, 180])
async def test_a_lying_or_inverted_face_is_poor_not_a_mismatch(
    seeing: CameraThread, camera: SimulatedCamera, tmp_path: Path, turns: int
) -> None:
    ticket, live = photographs("001_neutral", "002_smiling")
    known = await enrolled(seeing, camera, ticket)
    turned = tmp_path / "turned.jpg"
    with Image.open(live) as picture:
        picture.rotate(turns, expand=True).save(turned)
    camera.person([turned])
    judged = await seeing.judge(known, replace(POLICY, probe_seconds=0.5), EARLIER)
    assert (judged.reason, judged.advice) == (Reason.FACE_POOR, Advice.LOOK_STRAIGHT)


@pytest.mark.models
@pytest.mark.slow
async def test_two_people_are_several_faces_though_one_matches(
    seeing: CameraThread, camera: SimulatedCamera
) -> None:
    ticket, live, other = photographs("001_neutral", "001_smiling", "003_smiling")
    known = await enrolled(seeing, camera, ticket)
    camera.people([[live], [other]])
    await soon(lambda: sum(s.crowded for s in seeing._view.observations) > 3)
    judged = await seeing.judge(known, replace(POLICY, probe_seconds=1), EARLIER)
    assert judged.reason is Reason.SEVERAL_FACES


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.parametrize("obeys", [True, False])
async def test_a_face_before_a_window_is_exposed_until_it_matches(
    seeing: CameraThread, camera: SimulatedCamera, monkeypatch: pytest.MonkeyPatch, obeys: bool
) -> None:
    """The whole loop: the thread meters the face, the camera follows. With one that does not follow
    the face stays dark."""
    ticket, live = photographs("001_neutral", "001_smiling")
    known = await enrolled(seeing, camera, ticket)
    if not obeys:
        monkeypatch.setattr(camera, "set_exposure_value", lambda _: None)
    camera.fault("camera-backlit", True)
    camera.person([live])
    await soon(lambda: sum(s.face for s in seeing._view.observations) > (8 if obeys else 3))
    if obeys:
        await soon(lambda: (seeing._view.observations[-1].luma or 0) > 80)
        judged = await seeing.judge(known, replace(POLICY, probe_seconds=5), EARLIER)
        assert judged.reason is Reason.OK
    else:
        assert max(s.luma or 0 for s in seeing._view.observations) < 80
