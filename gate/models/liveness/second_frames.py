"""The newest frames of the second camera, so that the one nearest in time to another can be had.

It has a thread of its own: the first camera must not wait for it. While no exam asks for liveness
the thread sleeps and the camera is closed.
"""

import logging
import threading
from collections import deque

from gate.errors import CameraMissing, FrameTimeout, InputRejected
from gate.models.outage_log import OutageLog
from gate.models.picture_arrays import as_rgb
from gate.ports import Camera, Clock, Frame

log = logging.getLogger("gate.watcher")

CAPTURE_S = 1.0
REOPEN_S = 1.0
NEAR_NS = 150_000_000
"""A frame further off in time shows another moment: a head turns in it."""
KEPT = 8


class SecondFrames:
    """Owns the second camera from `open` to `close`; it is closed while it is not wanted."""

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self._camera = camera
        self._clock = clock
        self._frames: deque[Frame] = deque(maxlen=KEPT)
        self._turn = threading.Lock()
        self._awake = threading.Condition(self._turn)
        self._is_wanted = self._is_over = False
        self._since_ns = 0
        self._thread: threading.Thread | None = None
        self._outages = OutageLog(
            log, "no picture of the second camera: %s", "the second camera gives pictures again"
        )

    def open(self) -> None:
        """Begins the thread, which sleeps until the camera is wanted."""
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="second-camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when the camera is given back."""
        thread, self._thread = self._thread, None
        with self._awake:
            self._is_over = True
            self._awake.notify_all()
        if thread is not None:
            thread.join()

    def want(self, wanted: bool) -> None:
        """From any thread; returns at once."""
        with self._awake:
            if wanted and not self._is_wanted:
                self._since_ns = self._clock.now().mono_ns
            self._is_wanted = wanted
            if not wanted:
                self._frames.clear()
            self._awake.notify_all()

    def nearest(self, at_ns: int, earlier: Frame | None = None) -> Frame | None:
        """The frame nearest to `at_ns` (monotonic); None where that is too far off. `earlier`: one
        that was asked for before, and may have been dropped meanwhile."""
        with self._turn:
            frames = [*self._frames, *([earlier] if earlier and self._is_wanted else [])]
        frame = min(frames, key=lambda f: abs(f.mono_ns - at_ns), default=None)
        if frame is None or abs(frame.mono_ns - at_ns) > NEAR_NS:
            return None
        return frame

    @property
    def age_s(self) -> float:
        """Seconds since its newest frame; while none has come, since it was wanted."""
        with self._turn:
            newest_ns = self._frames[-1].mono_ns if self._frames else self._since_ns
        return (self._clock.now().mono_ns - newest_ns) / 1e9

    # -- on its own thread from here ---------------------------------------------------------------

    def _run(self) -> None:
        while self._is_asked_for():
            try:
                with self._camera as camera:
                    while self._goes_on():
                        self._next(camera)
            except CameraMissing as e:
                self._outages.tell(e)
                with self._awake:
                    self._awake.wait_for(lambda: self._is_over, REOPEN_S)

    def _is_asked_for(self) -> bool:
        """Sleeps until the camera is wanted; False once all is over."""
        with self._awake:
            self._awake.wait_for(lambda: self._is_over or self._is_wanted)
            return not self._is_over

    def _goes_on(self) -> bool:
        with self._turn:
            return self._is_wanted and not self._is_over

    def _next(self, camera: Camera) -> None:
        try:
            frame = camera.capture(CAPTURE_S)
            as_rgb(frame.pixels)
        except (FrameTimeout, InputRejected) as e:
            self._outages.tell(e)
            return
        self._outages.tell(None)
        with self._turn:
            if self._is_wanted:
                self._frames.append(frame)
