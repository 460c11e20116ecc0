"""A second camera beside the simulated one: the same people, seen from some centimetres aside.

Simulated people are photographs, and so they are flat: all of a picture is shifted by the same. A
head is shown by frames of both cameras, made elsewhere.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from gate.drivers.simulated.camera import SimulatedCamera
from gate.errors import UsageError
from gate.ports import Frame, Picture

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class SimulatedSecondCamera(SimulatedCamera):
    """The Camera port. `kind`: `nir` gives frames without colours, three equal channels; `stereo`
    as they are. `shift_px`: how far left people are seen; whole frames are shown as they are."""

    def __init__(
        self,
        kind: Literal["nir", "stereo"],
        width: int = 640,
        height: int = 480,
        fps: float = 10,
        *,
        shift_px: int = 40,
    ) -> None:
        super().__init__(width, height, fps)
        self._kind, self._shift_px = kind, shift_px
        self._is_whole = False

    def people(self, pictures: Sequence[Sequence[Path]]) -> None:
        """As `SimulatedCamera.people`."""
        super().people(pictures)
        self._is_whole = False

    def frames(self, pictures: Sequence[Path], second: Sequence[Path] = ()) -> None:
        """As `SimulatedCamera.frames`: what this camera sees."""
        super().frames(pictures, second)
        self._is_whole = True

    def capture(self, timeout_s: float) -> Frame:
        """The next frame, as this camera sees it. FrameTimeout, CameraMissing."""
        frame = super().capture(timeout_s)
        return Frame(self._seen(frame.pixels), frame.mono_ns, frame.number)

    def _seen(self, pixels: Picture) -> Picture:
        moved = pixels if self._is_whole else np.roll(pixels, -self._shift_px, axis=1)
        if self._kind == "stereo":
            return moved
        return np.stack([(moved @ LUMA).astype(np.uint8)] * 3, axis=-1)


class SimulatedCameraPair:
    """Both cameras as one thing to be moved: people walk up before both. Faults of the second one
    are named `second-camera-…`."""

    def __init__(self, first: SimulatedCamera, second: SimulatedSecondCamera) -> None:
        self.first, self.second = first, second
        self.FAULTS = (*first.FAULTS, *(f"second-{name}" for name in second.FAULTS))

    def person(self, pictures: Sequence[Path]) -> None:
        """As `SimulatedCamera.person`. InputDamaged; the scenes are then as before."""
        self.people([pictures])

    def people(self, pictures: Sequence[Sequence[Path]]) -> None:
        """As `SimulatedCamera.people`. InputDamaged, UsageError."""
        self.first.people(pictures)
        self.second.people(pictures)

    def frames(self, pictures: Sequence[Path], second: Sequence[Path] = ()) -> None:
        """As `SimulatedCamera.frames`; `second`: what the second camera sees, the same as the first
        where there is nothing. InputDamaged, UsageError."""
        self.first.frames(pictures)
        self.second.frames(second or pictures)

    def nobody(self) -> None:
        """Both show the empty background."""
        self.first.nobody()
        self.second.nobody()

    def fault(self, name: str, on: bool) -> None:
        """Begin or end a fault of either camera; UsageError for a name that is not in FAULTS."""
        if name not in self.FAULTS:
            raise UsageError(
                f"No camera fault {name!r}: use one of {', '.join(self.FAULTS)}.",
                f"没有名为 {name} 的摄像头故障。",
            )
        camera = self.second if name.startswith("second-") else self.first
        camera.fault(name.removeprefix("second-"), on)
