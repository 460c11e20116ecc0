"""What every Camera keeps, then the people who walk up in the simulated one, then how the
picamera2 driver climbs its ladder."""

import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from gate.drivers import camera as real
from gate.drivers.camera import Picamera2Camera
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.scenes import APPROACH, HELD, SWAY
from gate.errors import CameraMissing, FrameTimeout, InputDamaged, UsageError
from gate.ports import Camera, Frame

FPS = 200


@pytest.fixture(params=["simulated", pytest.param("picamera2", marks=pytest.mark.hardware)])
def camera(request: pytest.FixtureRequest) -> Iterator[Camera]:
    if request.param == "picamera2" and "hardware" not in request.config.getoption("markexpr"):
        pytest.skip("needs the camera: -m hardware")
    made = (
        SimulatedCamera(fps=FPS) if request.param == "simulated" else Picamera2Camera(640, 480, 30)
    )
    with made as entered:
        yield entered


def capture(camera: Camera, count: int) -> list[Frame]:
    return [camera.capture(2.0) for _ in range(count)]


def test_frames_are_rgb_and_new_each_time(camera: Camera) -> None:
    frames = capture(camera, 5)
    assert {(f.pixels.shape, f.pixels.dtype) for f in frames} == {((480, 640, 3), np.dtype("u1"))}
    numbers, times = [f.number for f in frames], [f.mono_ns for f in frames]
    assert numbers == sorted(set(numbers))
    assert times == sorted(set(times))
    assert abs(time.monotonic_ns() - times[-1]) < 10**9


def test_close_is_idempotent(camera: Camera) -> None:
    camera.__exit__(None, None, None)
    camera.__exit__(None, None, None)


@pytest.mark.parametrize("stops", [2.5, -1.0, 0.0])
def test_the_exposure_may_be_shifted_at_any_time(camera: Camera, stops: float) -> None:
    camera.set_exposure_value(stops)
    assert len(capture(camera, 3)) == 3


# -- the simulated one ---------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A red and a green photograph of other sizes than the frame's."""
    for name, size, colour in (("a", (250, 250), "red"), ("b", (900, 2000), "lime")):
        Image.new("RGB", size, colour).save(tmp_path / f"{name}.png")
    return [tmp_path / "a.png", tmp_path / "b.png"]


def area(frame: Frame, channel: int) -> int:
    """Pixels that are full in one channel and empty in the others."""
    others = [c for c in range(3) if c != channel]
    pixels = frame.pixels
    return int(((pixels[..., channel] > 250) & (pixels[..., others].max(axis=2) < 5)).sum())


def test_a_person_grows_and_then_the_pictures_take_turns(pictures: list[Path]) -> None:
    with SimulatedCamera(fps=FPS) as camera:
        camera.person(pictures)
        near = len(APPROACH)
        frames = capture(camera, near + 2 * HELD)
    step = {f.number - frames[0].number: f for f in frames}  # a busy machine skips some
    walking = [area(f, 0) for at, f in step.items() if at <= near]
    assert walking == sorted(set(walking))
    turns = {at: "red" if area(f, 0) else "green" for at, f in step.items() if at >= near}
    assert turns == {at: ("red", "green")[(at - near) // HELD % 2] for at in turns}
    following = [(a, b) for a, b in pairwise(frames) if b.number == a.number + 1]
    assert following
    assert all((a.pixels != b.pixels).any() for a, b in following)


def test_several_stand_side_by_side(pictures: list[Path]) -> None:
    with SimulatedCamera(fps=FPS) as camera:
        camera.people([[pictures[0]], [pictures[1]]])
        last = capture(camera, len(APPROACH) + 1)[-1]
    sway = max(right for right, _ in SWAY)  # so far may the left one reach into the right half
    reds, greens = last.pixels[:, :320], last.pixels[:, 320 + sway :]
    assert area(Frame(reds, 0, 0), 0) > 100_000
    assert area(Frame(greens, 0, 0), 1) > 50_000
    assert area(Frame(reds, 0, 0), 1) == area(Frame(greens, 0, 0), 0) == 0


def test_nobody_is_one_picture_handed_out_again_and_again(pictures: list[Path]) -> None:
    with SimulatedCamera(fps=FPS) as camera:
        first = camera.capture(2.0)
        camera.person(pictures)
        assert (camera.capture(2.0).pixels != first.pixels).any()
        camera.nobody()
        frames = capture(camera, 3)
    assert all(f.pixels is first.pixels for f in frames)


def test_a_photograph_taken_sideways_stands_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (400, 300), "red")
    picture.paste("lime", (0, 0, 200, 300))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to see it upright
    picture.save(tmp_path / "a.jpg", exif=exif)
    with SimulatedCamera(fps=FPS) as camera:
        camera.person([tmp_path / "a.jpg"])
        frame = capture(camera, len(APPROACH) + 1)[-1]
    upper, lower = frame.pixels[100, 320], frame.pixels[400, 320]
    assert upper[1] > 200 > upper[0]
    assert lower[0] > 200 > lower[1]


@pytest.mark.parametrize("damage", ["missing", "text", "short jpeg", "short png"])
def test_a_bad_picture_is_one_sentence_and_the_scene_stays(
    damage: str, pictures: list[Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    if damage == "text":
        bad.write_text("not a picture")
    if damage.startswith("short"):
        noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
        Image.fromarray(noise).save(bad, damage.split()[1])
        bad.write_bytes(bad.read_bytes()[:3000])
    with SimulatedCamera(fps=FPS) as camera:
        before = camera.capture(2.0).pixels
        with pytest.raises(InputDamaged, match="bad"):
            camera.person([pictures[0], bad])
        assert camera.capture(2.0).pixels is before


@pytest.mark.parametrize("people", [[], [[]], [[Path("a.png")], []]])
def test_a_person_needs_a_picture(people: list[list[Path]]) -> None:
    with pytest.raises(UsageError):
        SimulatedCamera().people(people)


def test_frozen_gives_no_frame_until_it_is_healed() -> None:
    with SimulatedCamera(fps=FPS) as camera:
        camera.fault("camera-frozen", True)
        with pytest.raises(FrameTimeout):
            camera.capture(0.02)
        camera.fault("camera-frozen", False)
        assert camera.capture(2.0).number > 0


def test_unplugged_wakes_the_one_who_waits_and_cannot_be_opened() -> None:
    camera = SimulatedCamera(fps=0.0001)
    ended: list[type[Exception]] = []

    def wait_for_a_frame() -> None:
        try:
            camera.capture(36_000)
        except CameraMissing as e:
            ended.append(type(e))

    with camera:
        waiting = threading.Thread(target=wait_for_a_frame, daemon=True)
        waiting.start()
        while not camera._turn._waiters:
            waiting.join(0.001)
        camera.fault("camera-unplugged", True)
        waiting.join(5)
    assert ended == [CameraMissing]
    with pytest.raises(CameraMissing), camera:
        pass
    camera.fault("camera-unplugged", False)
    with camera:
        pass


def test_dark_is_black() -> None:
    with SimulatedCamera(fps=FPS) as camera:
        camera.fault("camera-dark", True)
        assert camera.capture(2.0).pixels.max() == 0


def light_of(frame: Frame) -> float:
    """Linear light of a grey frame, 1 as white."""
    value = float(frame.pixels.mean()) / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def test_a_shifted_exposure_is_so_many_stops_of_light(tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), (90, 90, 90)).save(tmp_path / "a.png")
    with SimulatedCamera(fps=FPS, background=tmp_path / "a.png") as camera:
        plain = light_of(camera.capture(2.0))
        for stops in (1.0, -1.0):
            camera.set_exposure_value(stops)
            assert light_of(camera.capture(2.0)) == pytest.approx(plain * 2**stops, rel=0.05)
        camera.fault("camera-backlit", True)
        camera.set_exposure_value(0)
        assert light_of(camera.capture(2.0)) == pytest.approx(plain / 16, rel=0.1)
        camera.set_exposure_value(4)
        assert light_of(camera.capture(2.0)) == pytest.approx(plain, rel=0.02)


def test_an_unknown_fault_lists_the_known() -> None:
    known = "camera-frozen, camera-unplugged, camera-dark, camera-backlit"
    with pytest.raises(UsageError, match=known):
        SimulatedCamera().fault("camera-on-fire", True)


def test_a_slow_reader_gets_the_frame_of_the_moment() -> None:
    with SimulatedCamera(fps=100) as camera:
        first = camera.capture(2.0)
        camera._due_ns -= 50 * 10_000_000  # as if half a second had gone by
        second, third = capture(camera, 2)
    assert second.number - first.number >= 50
    assert third.number - second.number < 20
    assert third.mono_ns > second.mono_ns


def test_people_walk_up_at_their_own_pace_and_not_at_the_readers(pictures: list[Path]) -> None:
    with SimulatedCamera(fps=100) as camera:
        camera.person(pictures[:1])
        far = camera.capture(2.0)
        camera._due_ns -= 50 * 10_000_000  # as if half a second had gone by
        near = camera.capture(2.0)
    assert area(near, 0) > 5 * area(far, 0) > 0


# -- the picamera2 driver, on a stand-in for the library that cannot run here --------------------


class Library(ModuleType):
    """As much of picamera2 as the driver calls, with the faults its issues tell of."""

    def __init__(self, on_open: Exception | None = None, stop_blocks: bool = False) -> None:
        super().__init__("picamera2")
        self.calls: list[str] = []
        self.on_open, self.stop_blocks = on_open, stop_blocks
        self.silent = False
        self.sensor_ahead_ns: int | None = 0
        self.camera_controls = {"AfMode": (0, 2, 0), "FrameDurationLimits": (1, 10**6, 1)}
        self.sensor_modes: list[dict[str, object]] = []
        self.gives: dict[str, object] = {}
        self.pixels = np.zeros((480, 640, 3), np.uint8)
        self.opened: int | None = None
        self.names = ["/base/soc/i2c0mux/i2c@0/imx708@1a", "/base/soc/i2c0mux/i2c@1/imx708@1a"]

    @property
    def Picamera2(self) -> type:
        library = self

        class Opened:
            def __new__(cls, number: int) -> "Library":
                return library.make(number)

            @staticmethod
            def global_camera_info() -> list[dict[str, object]]:
                return [{"Id": name, "Num": n} for n, name in enumerate(library.names)]

        return Opened

    def make(self, number: int) -> "Library":
        if self.on_open:
            raise self.on_open
        self.opened = number
        return self

    def create_video_configuration(self, **options: object) -> dict:
        self.options = options
        return options

    def camera_configuration(self) -> dict:
        return {"main": self.options["main"] | self.gives}

    def capture_request(self, wait: float) -> "Library":
        assert wait is not None
        if self.silent:
            raise TimeoutError
        return self

    def make_array(self, stream: str) -> np.ndarray:
        return self.pixels

    def get_metadata(self) -> dict:
        ahead = self.sensor_ahead_ns
        return {} if ahead is None else {"SensorTimestamp": time.monotonic_ns() + ahead}

    def stop(self) -> None:
        self.calls.append("stop")
        if self.stop_blocks:
            threading.Event().wait(5)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_: self.calls.append(name)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setitem(sys.modules, "picamera2", made)
    monkeypatch.setattr(real, "RESTART_S", 0.05)
    return made


def test_picamera2_gives_rgb_and_releases_every_request(library: Library) -> None:
    with Picamera2Camera(640, 480, 10) as camera:
        frames = capture(camera, 3)
    assert [f.number for f in frames] == [1, 2, 3]
    assert library.calls.count("release") == 3
    assert library.calls[-3:] == ["cancel_all_and_flush", "stop", "close"]
    assert library.options["main"] == {"size": (640, 480), "format": "BGR888"}
    assert library.options["controls"] == {"FrameDurationLimits": (100_000,) * 2, "AfMode": 2}


def test_picamera2_sets_no_frame_duration_where_the_camera_has_none(library: Library) -> None:
    """USB cameras and vimc: an unknown control ends the start with an error."""
    library.camera_controls = {}
    with Picamera2Camera(640, 480, 10):
        assert library.options["controls"] == {}
        assert "sensor" not in library.options


def test_picamera2_lists_modes_without_a_size_for_some_cameras(library: Library) -> None:
    """vimc, seen on the virtual board: [{'format': ...}] ended the start with a KeyError."""
    library.sensor_modes = [{"format": "RGB888"}, {}]
    with Picamera2Camera(640, 480, 10):
        assert "sensor" not in library.options


IMX708 = [
    {"size": (1536, 864), "bit_depth": 10, "crop_limits": (768, 432, 3072, 1728)},
    {"size": (2304, 1296), "bit_depth": 10, "crop_limits": (0, 0, 4608, 2592)},
    {"size": (4608, 2592), "bit_depth": 10, "crop_limits": (0, 0, 4608, 2592)},
]
IMX219 = [
    {"size": (640, 480), "bit_depth": 10, "crop_limits": (1000, 752, 1280, 960)},
    {"size": (1640, 1232), "bit_depth": 10, "crop_limits": (0, 0, 3280, 2464)},
    {"size": (1920, 1080), "bit_depth": 10, "crop_limits": (680, 692, 1920, 1080)},
    {"size": (3280, 2464), "bit_depth": 10, "crop_limits": (0, 0, 3280, 2464)},
]


@pytest.mark.parametrize(
    ("modes", "size"),
    [(IMX708, (2304, 1296)), (IMX219, (1640, 1232)), (IMX219[::-1], (1640, 1232))],
)
def test_picamera2_takes_the_sensors_whole_view(
    library: Library, modes: list[dict[str, object]], size: tuple[int, int]
) -> None:
    library.sensor_modes = modes
    with Picamera2Camera(640, 480, 10):
        assert library.options["sensor"] == {"output_size": size, "bit_depth": 10}


@pytest.mark.parametrize("gives", [{"size": (640, 360)}, {"format": "YUYV"}])
def test_picamera2_that_gives_something_else_is_told(
    library: Library, gives: dict[str, object]
) -> None:
    library.gives = gives
    with pytest.raises(CameraMissing, match=r"gate\.toml"), Picamera2Camera(640, 480, 10):
        pass
    assert "start" not in library.calls
    assert library.calls[-1] == "close"


def test_picamera2_that_hangs_upside_down_is_turned(library: Library) -> None:
    library.pixels[0, 0] = (1, 2, 3)
    with Picamera2Camera(640, 480, 10, upside_down=True) as camera:
        (frame,) = capture(camera, 1)
    assert frame.pixels[-1, -1].tolist() == [1, 2, 3]
    assert frame.pixels.flags.c_contiguous


@pytest.mark.parametrize("can", [True, False])
def test_picamera2_shifts_its_automatic_exposure_where_it_can(library: Library, can: bool) -> None:
    """An unknown control raises there, so none is set that the camera does not list."""
    if can:
        library.camera_controls |= {"ExposureValue": (-8, 8, 0), "AeEnable": (0, 1, 1)}
    with Picamera2Camera(640, 480, 10) as camera:
        camera.set_exposure_value(1.5)
        assert ("set_controls" in library.calls) is can
    assert ("AeEnable" in library.options["controls"]) is can
    with pytest.raises(CameraMissing):
        camera.set_exposure_value(0)


@pytest.mark.parametrize("ahead_ns", [-80_000_000, 10**12, None])
def test_picamera2_never_takes_a_frame_for_newer_than_it_is(
    library: Library, ahead_ns: int | None
) -> None:
    """A sensor time of another clock, or none: what was exposed before a card must not count as
    seen after it."""
    library.sensor_ahead_ns = ahead_ns
    with Picamera2Camera(640, 480, 10) as camera:
        asked_ns = time.monotonic_ns()
        frame = camera.capture(0.01)
    assert frame.mono_ns < asked_ns
    assert frame.mono_ns > asked_ns - 10**9


def test_picamera2_silent_is_flushed_and_started_again(library: Library) -> None:
    with Picamera2Camera(640, 480, 10) as camera:
        library.calls.clear()
        library.silent = True
        with pytest.raises(FrameTimeout):
            camera.capture(0.01)
        assert library.calls == ["cancel_all_and_flush", "stop", "start"]
        library.silent = False
        assert camera.capture(0.01).number == 1


def test_picamera2_that_will_not_stop_stays_missing(library: Library) -> None:
    library.stop_blocks = True
    camera = Picamera2Camera(640, 480, 10)
    with camera:
        library.silent = True
        with pytest.raises(FrameTimeout):
            camera.capture(0.01)
        with pytest.raises(CameraMissing, match="restart"):
            camera.capture(0.01)
    with pytest.raises(CameraMissing, match="restart"), camera:
        pass


@pytest.mark.parametrize("error", [IndexError("list index"), RuntimeError("No camera number 0")])
def test_picamera2_without_a_camera(library: Library, error: Exception) -> None:
    library.on_open = error
    with pytest.raises(CameraMissing, match="ribbon"), Picamera2Camera(640, 480, 10):
        pass


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraMissing, match="apt install"), Picamera2Camera(640, 480, 10):
        pass


@pytest.mark.parametrize(
    ("device", "opened"), [(0, 0), (1, 1), ("/base/soc/i2c0mux/i2c@1/imx708@1a", 1)]
)
def test_the_camera_that_is_named_is_opened(
    library: Library, device: int | str, opened: int
) -> None:
    with Picamera2Camera(640, 480, 10, device):
        assert library.opened == opened


def test_a_camera_that_is_not_there_is_told_with_those_that_are(library: Library) -> None:
    with pytest.raises(CameraMissing, match="imx477") as caught:
        Picamera2Camera(640, 480, 10, "/base/imx477").__enter__()
    assert caught.value.facts["cameras"] == tuple(library.names)
    assert library.opened is None
