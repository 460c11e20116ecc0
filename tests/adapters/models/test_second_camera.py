"""The second camera of a running gate: its frames reach its layer, and its loss is told."""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from gate.config.second_camera import SecondCameraTable
from gate.config.settings import CameraTable, Paths, Settings
from gate.core.reasons import Reason
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.clock import SimulatedClock
from gate.drivers.simulated.second_camera import SimulatedCameraPair, SimulatedSecondCamera
from gate.errors import PairUnknown
from gate.models import camera_thread as module
from gate.models.camera_thread import CameraThread
from gate.models.face_track import TrackView
from gate.models.liveness import second_camera as state_module
from gate.models.liveness import second_frames as frames_module
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.camera_pair_file import write_pair
from gate.models.liveness.layer_set import LayerSource
from gate.models.liveness.layers import LayerInput, SecondPicture
from gate.models.liveness.near_infrared import NearInfraredLayer
from gate.models.liveness.second_camera import SecondCamera
from gate.models.liveness.second_camera_state import PairLook, SecondCameraState, scene_state
from gate.models.liveness.second_frames import NEAR_NS, SecondFrames
from gate.models.liveness.stereo import StereoLayer
from gate.ports import Face, Frame
from gate.wiring import liveness_layers, pair_of
from tests.adapters.models.test_camera_liveness import PASSIVE
from tests.adapters.models.test_camera_thread import EARLIER, FPS, ScriptedEyes, reference
from tests.networks import networks
from tests.unit.gate.models.test_face_track import face, good, nobody
from tests.waiting import soon, until

SIZE = (640, 480)
PAIR = CameraPair(600, 600, SIZE, SIZE, (0.0, 0.0, 0.0), (6.0, 0.0, 0.0), 0.3, 200, "board")


class Geometry:
    """The layer of a second camera: living where it shows something."""

    name = "geometry"

    def __init__(self) -> None:
        self.seconds: deque[SecondPicture | None] = deque(maxlen=50)

    def score(self, seen: LayerInput) -> float | None:
        self.seconds.append(seen.second)
        return None if seen.second is None else 1.0

    def forget(self) -> None:
        pass


class Rig:
    def __init__(self, read: Callable[[], CameraPair] = lambda: PAIR) -> None:
        self.pair = SimulatedCameraPair(
            SimulatedCamera(fps=FPS), SimulatedSecondCamera("stereo", fps=FPS)
        )
        self.layer = Geometry()
        frames = SecondFrames(self.pair.second, SimulatedClock())
        self.second = SecondCamera(frames, "stereo", 1, read)
        source = LayerSource("geometry", lambda: self.layer, required=True)
        self.watcher = CameraThread(
            self.pair.first,
            Path(),
            SimulatedClock(),
            fps=FPS,
            threads=1,
            layers=[source],
            second=self.second,
        )

    def says(self, word: str) -> bool:
        return word in self.watcher.layers["geometry"]["en"]


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)
    monkeypatch.setattr(frames_module, "CAPTURE_S", 0.05)
    monkeypatch.setattr(frames_module, "REOPEN_S", 0.02)
    made = Rig()
    async with made.watcher:
        yield made


async def test_what_it_saw_at_that_time_reaches_its_layer(rig: Rig) -> None:
    ScriptedEyes.who = 1
    rig.watcher.use_liveness("passive")
    await soon(lambda: any(s is not None for s in rig.layer.seconds))
    judged = await rig.watcher.judge(reference(1), PASSIVE, EARLIER)
    assert judged.liveness is not None
    assert (judged.reason, judged.liveness.fields["layers"]["geometry"]) == (Reason.OK, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["unplugged", "frozen"])
async def test_unplugged_it_is_lost_and_comes_back(rig: Rig, fault: str) -> None:
    """What the exam says then decides; the first camera goes on."""
    ScriptedEyes.who = 1
    rig.watcher.use_liveness("passive")
    await soon(lambda: rig.watcher.fitted.working)
    rig.pair.fault(f"second-camera-{fault}", True)
    await soon(lambda: rig.watcher.fitted.lost)
    assert rig.says("The second camera (stereo, device 1) gives no pictures")
    assert rig.watcher.fitted.lacks("passive")
    judged = await rig.watcher.judge(reference(1), PASSIVE, rig.watcher._clock.now().mono_ns)
    assert judged.reason is Reason.LIVENESS_FAILED
    admitting = replace(PASSIVE, liveness_fallback="admit")
    judged = await rig.watcher.judge(reference(1), admitting, rig.watcher._clock.now().mono_ns)
    assert judged.reason is Reason.OK
    rig.pair.fault(f"second-camera-{fault}", False)
    await soon(lambda: rig.watcher.layers["geometry"]["judges"])
    assert not rig.watcher.fitted.lost
    rig.layer.seconds.clear()
    await soon(lambda: sum(s is not None for s in rig.layer.seconds) >= 5)
    judged = await rig.watcher.judge(reference(1), PASSIVE, rig.watcher._clock.now().mono_ns)
    assert judged.reason is Reason.OK


async def test_an_exam_without_liveness_opens_no_second_camera(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(type(rig.pair.second), "__enter__", lambda it: opened.append(it) or it)
    rig.watcher.use_liveness("off")
    ScriptedEyes.who = 1
    await soon(lambda: len(rig.watcher._view.probes) >= 5)
    assert not opened
    rig.watcher.use_liveness("passive")
    await soon(lambda: opened)
    rig.watcher.use_liveness("off")
    await soon(lambda: rig.second.frames.nearest(rig.watcher._newest.mono_ns) is None)
    assert "no liveness" in rig.watcher.layers["geometry"]["en"]


@pytest.mark.parametrize(
    ("aside", "told"),
    [(0.0, "have changed places"), (120.0, "does not see the people")],
    ids=["swapped", "another scene"],
)
async def test_cameras_that_see_other_people_are_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, aside: float, told: str
) -> None:
    """Swapped: the face is further right in the second picture, and not further left."""
    monkeypatch.setattr(state_module, "APART_NS", 0)
    seen = face()
    moved = Face(seen.box, seen.landmarks + np.float32([0, aside]), 0.9)
    if not aside:
        moved = Face(seen.box, seen.landmarks + np.float32([70, 0]), 0.9)
    monkeypatch.setattr(ScriptedEyes, "faces", lambda *_: [moved])
    rig.watcher.use_liveness("passive")
    for who in range(8):
        ScriptedEyes.who = who
        await soon(lambda who=who: len(rig.second._looks) > who or rig.watcher.fitted.lost)
    await soon(lambda: rig.watcher.fitted.lost)
    assert rig.says(told)


async def test_without_a_calibration_the_layer_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FrameAnalysis", ScriptedEyes)

    def unknown() -> CameraPair:
        raise PairUnknown("Not calibrated.", "未标定。")

    rig = Rig(unknown)
    monkeypatch.setattr(rig.watcher, "_sources", [LayerSource("geometry", unknown, required=True)])
    async with rig.watcher:
        rig.watcher.use_liveness("passive")
        await soon(lambda: rig.watcher.fitted.lost)
        assert rig.says("Not calibrated")


class Still:
    """A camera with one frame."""

    def __init__(self, at_ns: int) -> None:
        self._frame = Frame(np.zeros((4, 4), np.uint8), at_ns, 1)

    def __enter__(self) -> "Still":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def set_exposure_value(self, stops: float) -> None:
        pass

    def capture(self, timeout_s: float) -> Frame:
        return self._frame


class Ticking(Still):
    """A camera whose next frame is always 0.1 s later."""

    def __init__(self) -> None:
        super().__init__(0)
        self.at_ns = 10_000_000_000

    def capture(self, timeout_s: float) -> Frame:
        time.sleep(0.001)
        self.at_ns += 100_000_000
        return Frame(np.zeros((4, 4), np.uint8), self.at_ns, 1)


def test_a_frame_of_another_time_is_none() -> None:
    at_ns = 10_000_000_000
    frames = SecondFrames(Still(at_ns), SimulatedClock())
    frames.open()
    frames.want(True)
    until(lambda: frames.nearest(at_ns) is not None)
    assert frames.nearest(at_ns + NEAR_NS) is not None
    assert frames.nearest(at_ns - NEAR_NS) is not None
    assert frames.nearest(at_ns + NEAR_NS + 1) is None
    frames.want(False)
    assert frames.nearest(at_ns) is None
    frames.close()


def test_a_look_may_take_longer_than_frames_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Ticking()
    frames = SecondFrames(camera, SimulatedClock())
    one = SecondCamera(frames, "nir", 1, lambda: PAIR)
    frames.open()
    frames.want(True)
    until(lambda: frames.nearest(camera.at_ns))
    first = Frame(np.zeros((4, 4), np.uint8), camera.at_ns, 1)
    one.expect(first)
    until(lambda: frames.nearest(first.mono_ns) is None)
    assert one.picture(first) is not None
    frames.close()
    assert one.picture(Frame(first.pixels, camera.at_ns + 2 * NEAR_NS, 2)) is None


def frames_of_two_people() -> Iterator[tuple[TrackView, Frame]]:
    """Nobody stands there in the middle."""
    view = TrackView()
    for n in range(1, 40):
        at_ns = n * 100_000_000 + 3_000_000_000
        view = good(view, at_ns) if n % 20 else nobody(view, at_ns)
        yield view, Frame(np.zeros((4, 4), np.uint8), at_ns, n)


def test_a_person_is_looked_for_once() -> None:
    calls: list[int] = []

    def find(_: object) -> list[Face]:
        calls.append(1)
        return []

    one = SecondCamera(SecondFrames(Still(0), SimulatedClock()), "nir", 1, lambda: PAIR)
    one.begin()
    for view, frame in frames_of_two_people():
        one.compare(view, frame, frame.pixels, find)
    assert len(calls) == 2


def test_scenes_are_compared_when_somebody_was_looked_for_and_not_each_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []

    def counted(pair: CameraPair | None, looks: Sequence[PairLook]) -> SecondCameraState:
        compared.append(len(looks))
        return scene_state(pair, looks)

    monkeypatch.setattr(state_module, "scene_state", counted)
    one = SecondCamera(SecondFrames(Still(0), SimulatedClock()), "nir", 1, lambda: PAIR)
    one.begin()
    for view, frame in frames_of_two_people():
        one.compare(view, frame, frame.pixels, lambda _: [])
        one.error  # noqa: B018 - as the watcher asks with every frame
    assert compared == [0, 0, 1, 2]


@pytest.mark.models
@pytest.mark.parametrize(
    ("kind", "made"), [("nir", NearInfraredLayer), ("stereo", StereoLayer)], ids=["nir", "stereo"]
)
def test_a_unit_has_the_layer_of_its_second_camera(
    tmp_path: Path, kind: Literal["nir", "stereo"], made: type
) -> None:
    table = CameraTable(second=SecondCameraTable(kind=kind, device=1, pair=tmp_path / "pair.json"))
    paths = Paths(state=tmp_path, models=networks())
    settings = Settings.model_construct(camera=table, paths=paths)
    sources = {s.name: s for s in liveness_layers(settings)}
    name = "nir" if kind == "nir" else "geometry"
    assert set(sources) == {"network", "action", name}
    assert sources[name].required
    with pytest.raises(PairUnknown):
        sources[name].build()
    write_pair(tmp_path / "pair.json", PAIR, kind, "2027-04-01")
    layer = sources[name].build()
    assert (type(layer), layer.name) == (made, name)
    small = table.model_copy(update={"width": 320, "height": 240})
    with pytest.raises(PairUnknown, match="pictures of"):
        pair_of(small)
