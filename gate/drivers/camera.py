"""The Raspberry Pi camera through picamera2.

Tried against real libcamera with the kernel's vimc camera (docs/board.md), not on a Raspberry Pi.

picamera2 is imported when the camera is opened, so everything else runs without it. What libcamera
does when a camera hangs, and in which order to undo it, is picamera2#883, #952 and #1264.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from gate.errors import CameraMissing, FrameTimeout
from gate.ports import Frame

RESTART_S = 5.0
"""Longer than this, stop() will not come back in this process."""


class Picamera2Camera:
    """The Camera port: RGB frames of `width` x `height`. One thread opens, captures and closes.

    A camera that gives nothing is restarted once by `capture`. One that then does not answer stays
    CameraMissing until the process is started again. The reason: reopening leaks its memory
    (picamera2#1102).
    """

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        device: int | str = 0,
        *,
        upside_down: bool = False,
    ) -> None:
        """`device`: the camera's number, or the name that libcamera gives it. `upside_down`: it is
        mounted so; its pictures are turned by 180 degrees."""
        self._size = (width, height)
        self._device = device
        self._step = -1 if upside_down else 1
        self._frame_us = round(1_000_000 / fps)
        self._camera: Any = None
        self._number = 0
        self._hung = False

    def __enter__(self) -> Self:
        if self._hung:
            raise _hung()
        try:
            from picamera2 import Picamera2
        except ImportError as e:
            raise CameraMissing(
                "picamera2 is not installed: apt install python3-picamera2 and make the venv with "
                "--system-site-packages.",
                "未安装 picamera2：请执行 apt install python3-picamera2。",
            ) from e
        with _missing_as_one_error():
            number = _number_of(self._device, Picamera2.global_camera_info)
            camera = Picamera2(number)
        try:
            with _missing_as_one_error():
                camera.configure(self._configuration(camera))
                self._check(camera)
                camera.start()
        except CameraMissing:
            camera.close()
            raise
        self._camera = camera
        return self

    def __exit__(self, *_: object) -> None:
        camera, self._camera = self._camera, None
        if camera is not None and not self._hung:
            self._hung = not _in_time(camera.cancel_all_and_flush, camera.stop, camera.close)

    def capture(self, timeout_s: float) -> Frame:
        """The next frame. FrameTimeout after `timeout_s` seconds; CameraMissing."""
        if self._hung or self._camera is None:
            raise _hung()
        asked_ns = time.monotonic_ns()
        try:
            with _missing_as_one_error():
                request = self._camera.capture_request(wait=timeout_s)
        except TimeoutError as e:
            self._restart()
            raise FrameTimeout(
                f"The camera gave no frame for {timeout_s:g} s: check its cable and power supply.",
                f"摄像头 {timeout_s:g} 秒内没有图像：请检查排线和电源。",
                timeout_s=timeout_s,
            ) from e
        try:
            turned = request.make_array("main")[:: self._step, :: self._step, :3]
            pixels = np.ascontiguousarray(turned)
            sensor_ns = request.get_metadata().get("SensorTimestamp")
        finally:
            request.release()  # four unreleased requests stall the camera
        self._number += 1
        return Frame(pixels, self._exposed_ns(sensor_ns, asked_ns), self._number)

    def set_exposure_value(self, stops: float) -> None:
        """Shifts the automatic exposure by so many stops; libcamera holds it to -8 to 8."""
        camera = self._camera
        if self._hung or camera is None:
            raise _hung()
        if "ExposureValue" in camera.camera_controls:
            with _missing_as_one_error():
                camera.set_controls({"ExposureValue": stops})

    def _exposed_ns(self, sensor_ns: int | None, asked_ns: int) -> int:
        """When the first row's exposure began, as the sensor says it, monotonic in ns.

        A time in the future is of another clock (CLOCK_BOOTTIME after the unit slept). No time at
        all is unknown. In both cases the frame may have begun before it was asked for. So it counts
        as old as it can be.
        """
        if sensor_ns is not None and 0 < sensor_ns <= time.monotonic_ns():
            return int(sensor_ns)
        return asked_ns - self._frame_us * 1000

    def _configuration(self, camera: Any) -> Any:
        """BGR888 is libcamera's name for R, G, B in memory order. queue=False: no old frames.

        A control that the camera does not advertise would end the start with an error: USB cameras
        and vimc have no FrameDurationLimits.
        """
        wanted = {
            "FrameDurationLimits": (self._frame_us, self._frame_us),
            "AeEnable": True,
            "AeMeteringMode": 0,  # weighted to the centre, where people stand
            "AeFlickerMode": 1,
            "AeFlickerPeriod": 10_000,  # light at 50 Hz
            "AfMode": 2,  # follow
        }
        mode = _whole_view(camera.sensor_modes, self._size)
        return camera.create_video_configuration(
            main={"size": self._size, "format": "BGR888"},
            buffer_count=4,
            queue=False,
            display=None,
            encode=None,
            controls={k: v for k, v in wanted.items() if k in camera.camera_controls},
            **({} if mode is None else {"sensor": mode}),
        )

    def _check(self, camera: Any) -> None:
        """libcamera adjusts what a camera cannot do, and says nothing. CameraMissing."""
        main = camera.camera_configuration()["main"]
        given = (tuple(main["size"]), main["format"])
        if given != (self._size, "BGR888"):
            (width, height), form = given
            raise CameraMissing(
                f"The camera gives {width}x{height} {form} instead of {self._size[0]}x"
                f"{self._size[1]} BGR888: set width and height in gate.toml to a size that it has.",
                f"摄像头输出 {width}x{height} {form}：请在 gate.toml 中改用其支持的宽高。",
                size=(width, height),
                format=form,
            )

    def _restart(self) -> None:
        """Without the flush a capture that timed out would swallow a later frame."""
        camera = self._camera
        self._hung = not _in_time(camera.cancel_all_and_flush, camera.stop, camera.start)


def _whole_view(modes: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> dict[str, Any] | None:
    """The sensor's mode that sees the most, and of those the smallest that is not below `size`.

    picamera2 would take the smallest mode at all, which on many sensors is cut out of the middle
    (imx708: half the width). None where the camera has no modes of its own: USB cameras and vimc,
    for which picamera2 lists modes without a size.
    """
    sized = [m for m in modes if "size" in m and "bit_depth" in m]
    large = [m for m in sized if m["size"][0] >= size[0] and m["size"][1] >= size[1]]
    if not large:
        return None

    def seen(mode: Mapping[str, Any]) -> int:
        width, height = mode.get("crop_limits", (0, 0, *mode["size"]))[2:]
        return int(width * height)

    most = max(map(seen, large))
    whole = [m for m in large if seen(m) >= 0.98 * most]
    best = min(whole, key=lambda m: m["size"][0] * m["size"][1])
    return {"output_size": tuple(best["size"]), "bit_depth": best["bit_depth"]}


def _number_of(device: int | str, listed: Callable[[], Sequence[Mapping[str, Any]]]) -> int:
    """The number of a camera by the name that libcamera gives it. CameraMissing, with all names."""
    if isinstance(device, int):
        return device
    names = [str(camera.get("Id", "")) for camera in listed()]
    if device in names:
        return names.index(device)
    there = ", ".join(names) or "none"
    raise CameraMissing(
        f"No camera is called {device}: check its ribbon cable and `device` in gate.toml; there "
        f"are: {there}.",
        f"没有名为 {device} 的摄像头：请检查排线和 gate.toml 中的 device；现有：{there}。",
        device=device,
        cameras=tuple(names),
    )


def _in_time(*steps: Callable[[], object]) -> bool:
    """Whether all steps came back within RESTART_S together. They may block for ever
    (picamera2#1264), so they run on a thread that is left behind if they do."""
    done = threading.Event()

    def run() -> None:
        with contextlib.suppress(RuntimeError, OSError):
            for step in steps:
                step()
            done.set()

    threading.Thread(target=run, name="camera restart", daemon=True).start()
    return done.wait(RESTART_S)


@contextlib.contextmanager
def _missing_as_one_error() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, CameraMissing):
        raise
    except (IndexError, RuntimeError, OSError) as e:
        raise CameraMissing(
            f"No camera answers ({type(e).__name__}: {e}): check the ribbon cable and that no "
            "other program uses it, then restart the gate.",
            "未找到摄像头：请检查排线，确认没有其他程序占用，然后重启闸机程序。",
            cause=str(e),
        ) from e


def _hung() -> CameraMissing:
    return CameraMissing(
        "The camera does not answer any more: restart the gate program.",
        "摄像头已无响应：请重启闸机程序。",
    )
