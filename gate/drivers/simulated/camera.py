"""A camera that plays photographs as people walking up to the gate."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from gate.drivers.simulated.scenes import (
    Scene,
    doorway,
    empty,
    exposed,
    frames_of,
    scene_of,
)
from gate.errors import CameraMissing, FrameTimeout, UsageError
from gate.ports import Frame, Picture

BACKLIT_STOPS = 4.0
"""How much a bright window shortens the exposure: a face keeps a sixteenth of its light."""


class SimulatedCamera:
    """The Camera port, paced as a real one at `fps` and asleep in between. The scene may be
    changed from any thread while another captures. `background`: a picture of the empty doorway.

    Somebody who reads too slowly gets the frame of the moment, and numbers that skip. People walk
    up at their own pace, not at the reader's.
    """

    FAULTS = ("camera-frozen", "camera-unplugged", "camera-dark", "camera-backlit")

    def __init__(
        self, width: int = 640, height: int = 480, fps: float = 10, background: Path | None = None
    ) -> None:
        self._background = doorway(width, height, background)
        self._dark: Picture = np.zeros((height, width, 3), np.uint8)
        self._period_ns = round(1e9 / fps)
        self._turn = threading.Condition()
        self._faults: set[str] = set()
        self._scene = empty(self._background)
        self._first: int | None = None  # number of the scene's first frame
        self._number = 0
        self._due_ns = 0
        self._stops = 0.0

    def __enter__(self) -> Self:
        with self._turn:
            self._refuse_if_unplugged()
            self._due_ns = time.monotonic_ns() + self._period_ns
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def capture(self, timeout_s: float) -> Frame:
        """The next frame of the scene. FrameTimeout after `timeout_s` seconds; CameraMissing."""
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        with self._turn:
            while (now_ns := time.monotonic_ns()) < self._due_ns or "camera-frozen" in self._faults:
                self._refuse_if_unplugged()
                if now_ns >= deadline_ns:
                    raise FrameTimeout(
                        f"The camera gave no frame for {timeout_s:g} s: check its cable.",
                        f"摄像头 {timeout_s:g} 秒内没有图像：请检查排线。",
                        timeout_s=timeout_s,
                    )
                frozen = "camera-frozen" in self._faults
                until_ns = deadline_ns if frozen else min(deadline_ns, self._due_ns)
                self._turn.wait((until_ns - now_ns) / 1e9)
            self._refuse_if_unplugged()
            return self._next_frame(now_ns)

    def set_exposure_value(self, stops: float) -> None:
        """From the next frame on."""
        with self._turn:
            self._stops = stops

    def person(self, pictures: Sequence[Path]) -> None:
        """One person walks up, shown by photographs of the same face. InputDamaged for a picture
        that is missing or damaged; the scene is then as before."""
        self.people([pictures])

    def people(self, pictures: Sequence[Sequence[Path]]) -> None:
        """Several walk up side by side, left to right. UsageError where somebody has no picture;
        InputDamaged as for `person`."""
        if not pictures or not all(pictures):
            raise UsageError(
                "Name at least one picture for each person.", "每个人至少需要一张照片。"
            )
        self._show(scene_of(pictures, self._background))

    def frames(self, pictures: Sequence[Path], second: Sequence[Path] = ()) -> None:
        """From now on the camera sees these pictures, one a frame, and then the last of them.
        UsageError for none, or for pictures of a second camera; InputDamaged as for `person`."""
        if second:
            raise UsageError(
                "This gate has no second camera: add [camera.second] to gate.toml.",
                "本闸机没有第二摄像头：请在 gate.toml 中添加 [camera.second]。",
            )
        if not pictures:
            raise UsageError("Name at least one picture.", "至少需要一张图片。")
        height, width, _ = self._background.shape
        self._show(frames_of(pictures, width, height))

    def nobody(self) -> None:
        """Shows the empty background."""
        self._show(empty(self._background))

    def fault(self, name: str, on: bool) -> None:
        """Begin or end a fault; UsageError for a name that is not in FAULTS."""
        if name not in self.FAULTS:
            raise UsageError(
                f"No camera fault {name!r}: use one of {', '.join(self.FAULTS)}.",
                f"没有名为 {name} 的摄像头故障。",
            )
        with self._turn:
            self._faults = self._faults | {name} if on else self._faults - {name}
            self._turn.notify_all()

    def _show(self, scene: Scene) -> None:
        with self._turn:
            self._scene, self._first = scene, None

    def _next_frame(self, now_ns: int) -> Frame:
        missed = (now_ns - self._due_ns) // self._period_ns
        self._due_ns += (missed + 1) * self._period_ns
        self._number += missed + 1
        if self._first is None:
            self._first = self._number
        step = self._number - self._first
        pixels = self._dark if "camera-dark" in self._faults else self._scene.picture(step)
        return Frame(self._exposed(pixels), now_ns, self._number)

    def _exposed(self, pixels: Picture) -> Picture:
        """`camera-backlit`: a window behind the person has made the automatic exposure shorter."""
        stops = self._stops - (BACKLIT_STOPS if "camera-backlit" in self._faults else 0.0)
        return exposed(pixels, stops) if stops else pixels

    def _refuse_if_unplugged(self) -> None:
        if "camera-unplugged" in self._faults:
            raise CameraMissing(
                "No camera answers: check the ribbon cable, then restart the gate.",
                "未找到摄像头：请检查排线，然后重启闸机程序。",
            )
