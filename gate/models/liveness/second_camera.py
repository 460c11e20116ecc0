"""The second camera of a running gate: its frames, and whether they may be relied on.

Its layer judges what it sees. This file says whether it sees the people whom the first camera sees.
Once a person, the faces of both pictures are looked at. `second_camera_state.py` says what follows
from those of the last people.
"""

from collections import deque
from collections.abc import Callable, Sequence

from gate.errors import GateError, InputRejected, PairUnknown
from gate.models.face_track import TrackView
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import SecondPicture
from gate.models.liveness.second_camera_state import (
    PairLook,
    error_of,
    scene_state,
    second_camera_state,
)
from gate.models.liveness.second_frames import SecondFrames
from gate.models.picture_arrays import as_rgb
from gate.ports import Face, Frame, Picture

LOOKS = 24
"""Faces that are remembered: of the last people."""
APART_NS = 2_000_000_000
"""Between two looks: who stands there for long is one person."""

FindFaces = Callable[[Picture], Sequence[Face]]
"""All faces of a picture, (h, w, 3) RGB."""


def layer_of(kind: str) -> str:
    """The name of the layer that judges what a second camera of this kind sees."""
    return "nir" if kind == "nir" else "geometry"


class SecondCamera:
    """`kind`: `nir` or `stereo`; `device`: as gate.toml has it. `read`: the calibration of the pair
    from its file; it may raise PairUnknown. Besides `want`, one thread calls it: the first
    camera's."""

    def __init__(
        self, frames: SecondFrames, kind: str, device: int | str, read: Callable[[], CameraPair]
    ) -> None:
        self.frames = frames
        self.layer = layer_of(kind)
        self._kind, self._device = kind, device
        self._read = read
        self._pair: CameraPair | None = None
        self._looks: deque[PairLook] = deque(maxlen=LOOKS)
        self._looked_ns, self._track = 0, 0
        self._scene = scene_state(None, ())
        self._earlier: Frame | None = None

    def begin(self) -> None:
        """Its layer is built: what was seen before, perhaps with another calibration, is over."""
        self._looks.clear()
        try:
            self._pair = self._read()
        except PairUnknown:  # the layer says why it cannot be built
            self._pair = None
        self._scene = scene_state(self._pair, ())

    def expect(self, frame: Frame) -> None:
        """`frame` of the first camera is about to be looked at. On a busy unit that may take longer
        than the frames of the second one are kept."""
        self._earlier = self.frames.nearest(frame.mono_ns)

    def picture(self, frame: Frame) -> SecondPicture | None:
        """What it saw when `frame` of the first camera was exposed; None where that is unknown."""
        found = self.frames.nearest(frame.mono_ns, self._earlier)
        return None if found is None else found.pixels

    def compare(
        self, view: TrackView, frame: Frame, second: SecondPicture | None, find: FindFaces
    ) -> None:
        """Looks for the newest face of `view` in both pictures, once a person."""
        newest = view.probes[-1] if view.probes else None
        if second is None or newest is None or newest.mono_ns != frame.mono_ns:
            return
        if view.track == self._track or frame.mono_ns - self._looked_ns < APART_NS:
            return
        self._track, self._looked_ns = view.track, frame.mono_ns
        try:
            found = find(as_rgb(second))
        except InputRejected:
            found = ()
        self._looks.append(PairLook(newest.face.landmarks, tuple(f.landmarks for f in found)))
        self._scene = scene_state(self._pair, tuple(self._looks))

    @property
    def error(self) -> GateError | None:
        """What is wrong with it, and what to do; None where nothing is known to be wrong."""
        state = second_camera_state(True, self.frames.age_s, self._scene)
        return error_of(state, self._kind, self._device)
