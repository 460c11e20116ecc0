"""The Matcher: one thread owns camera and networks and keeps a view of who stands at the gate.

A match attempt reads the view, so a face that is already known costs a dot product.
`match_attempt.py` decides when an attempt looks at the probes, and at which rate.
"""

import asyncio
import contextlib
import io
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self

from gate.core.action_order import ActionStatus
from gate.core.events import FaceJudged
from gate.core.exam import FacePolicy
from gate.core.liveness import OFF, FittedLayers
from gate.errors import CameraMissing, FrameTimeout, InputRejected
from gate.models.exposure_control import Exposure, after_frame
from gate.models.face_track import TrackView
from gate.models.frame_analysis import LABEL, FrameAnalysis, is_somebody_there
from gate.models.liveness.layer_set import LayerSet, LayerSource
from gate.models.liveness.ordered_action import OrderedAction
from gate.models.liveness.second_camera import SecondCamera
from gate.models.match_attempt import Held, MatchAttempt, MatchTables
from gate.models.outage_log import OutageLog
from gate.models.picture_arrays import as_rgb
from gate.models.preview_picture import preview_jpeg
from gate.models.probe_selection import ProbeSelection
from gate.ports import Camera, Clock, Frame, Reference
from gate.ports.status import LayerStatus
from gate.ports.values import TemplateKind

log = logging.getLogger("gate.watcher")

CAPTURE_S = 2.0
"""A camera without a frame for so long is out of order (the libcamera time-out)."""
END_S = 8.0
"""A camera in use takes at most 6 s to end; systemd gives the whole gate 20 s."""
REOPEN_S = 1.0
POLL_S = 0.1
"""Between two looks at the clock while a match waits for the frame that confirms it."""
STALL_S = 1.0
"""Shorter pauses are no stall: a frame that took its time."""
HANGS_S = 10.0
"""A look at one frame takes tenths of a second, on a busy machine seconds. For so long it is not
told as a camera without pictures; the attempt that waits has its own end."""
JPEG_QUALITY = 90


class CameraThread:
    """The Matcher port. `fps`: frames looked at a second while nobody is there. `threads`: of each
    network, never more than the CPUs the process may use. `layers`: how to come to each liveness
    layer, once an exam asks for one. `second`: the camera beside the first."""

    def __init__(
        self,
        camera: Camera,
        models: Path,
        clock: Clock,
        *,
        fps: float,
        threads: int,
        layers: Sequence[LayerSource] = (),
        second: SecondCamera | None = None,
    ) -> None:
        self._camera = camera
        self._models = models
        self._clock = clock
        self._pause_ns = round(0.9e9 / fps)  # a camera at this very pace must not lose every other
        self._stall_s = max(STALL_S, 3 / fps)
        self._threads = threads
        self._sources = layers
        self._second = second
        self._asked = OFF
        self._layers = LayerSet()
        self._ordered = OrderedAction()
        self._action: tuple[Held, ActionStatus] | None = None
        self._is_screen_there: Callable[[], bool] = lambda: False
        self._screen_changed: Callable[[], None] = lambda: None
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._life: Future[None] | None = None
        self._waiting: dict[asyncio.Event, MatchAttempt] = {}
        self._tried_ns = 0
        self._forgot_ns = 0
        self._view = TrackView()
        self._newest: Frame | None = None
        self._with_face: Frame | None = None
        self._judged: Frame | None = None
        self._looked_ns = 0
        self._is_looking = False
        self._outages = OutageLog(log, "no picture: %s", "the camera gives pictures again")
        self._exposure = Exposure()

    async def __aenter__(self) -> Self:
        """ModelDamaged. A missing camera is waited for (`stalled_s`)."""
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._tables = MatchTables.load()
        worker = ThreadPoolExecutor(1, "watcher")
        with contextlib.ExitStack() as undo:
            undo.callback(worker.shutdown, wait=False)
            eyes = await self._loop.run_in_executor(
                worker, FrameAnalysis, self._models, self._threads
            )
            undo.pop_all()
        self._worker = worker
        if self._second is not None:
            self._second.frames.open()
        self._fresh_ns = self._clock.now().mono_ns
        self._life = worker.submit(self._run, eyes)
        return self

    async def __aexit__(self, *_: object) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._stop.set()
            await _ended(worker.shutdown)
            if self._second is not None:
                await _ended(self._second.frames.close)

    @property
    def model(self) -> str:
        """The label of the networks, as records name it."""
        return LABEL

    @property
    def fitted(self) -> FittedLayers:
        """The liveness layers that work; none until an exam asks for liveness."""
        return self._usable_layers.fitted

    @property
    def layers(self) -> Mapping[str, LayerStatus]:
        """Each liveness layer, and why it does not judge."""
        return self._usable_layers.status

    @property
    def _usable_layers(self) -> LayerSet:
        return self._layers if self._is_screen_there() else self._layers.without_screen()

    @property
    def action(self) -> ActionStatus | None:
        """What the candidate is told to do now; None where nothing is ordered."""
        ordered = self._action
        return None if ordered is None else ordered[1]

    def use_screen(self, is_there: Callable[[], bool], changed: Callable[[], None]) -> None:
        """Before it is entered; see the port."""
        self._is_screen_there, self._screen_changed = is_there, changed

    def use_liveness(self, asked: str) -> None:
        """The layers are built on the watcher's thread before its next frame, or dropped."""
        with self._turn:
            if asked == OFF:
                self._layers = LayerSet()
            elif self._asked == OFF:
                self._layers = LayerSet.awaited(self._sources)
            self._asked = asked
        if self._second is not None:
            self._second.frames.want(asked != OFF)

    def end_action(self) -> None:
        """Of the attempt that runs; see the port."""
        with self._turn:
            for attempt in self._waiting.values():
                attempt.excuse()
        self._tell(None)

    @property
    def stalled_s(self) -> float:
        """0 before it is entered, and for HANGS_S while a frame is looked at: a busy machine is no
        fault of the camera. Raises what ended the watching, which only a bug does."""
        if self._life is None:
            return 0.0
        if self._life.done():
            self._life.result()
        since_s = (self._clock.now().mono_ns - self._fresh_ns) / 1e9
        patient_s = HANGS_S if self._is_looking else self._stall_s
        return since_s if since_s > patient_s else 0.0

    async def judge(self, reference: Reference, policy: FacePolicy, found_ns: int) -> FaceJudged:
        """One attempt to match the face in front with `reference`; `found_ns`: monotonic, in ns.

        The target rate is the policy's, or the least that was measured for such a reference. What
        papers ask for is measured (`rate_coverage.py`); a look-alike's lower rate need not be.
        """
        fmr = max(policy.fmr, self._tables.lowest_rate(reference))
        now_ns = self._clock.now().mono_ns
        selection = ProbeSelection(
            now_ns, policy.probe_frames, policy.probe_seconds, found_ns, self._tried_ns
        )
        attempt = MatchAttempt(selection, reference, fmr, self._tables, policy.liveness_rule)
        with self._frames_awaited(attempt) as arrived:
            while True:
                arrived.clear()
                with self._turn:
                    view, frame, ordered = self._view, self._with_face, self._action
                wanted = attempt.wants_action
                action = ordered[1] if ordered and ordered[0] is wanted else None
                judged = attempt.look(view, now_ns, self.fitted, action)
                if judged is not None:
                    break
                await _set_or_over(arrived, max(POLL_S, (selection.ends_ns - now_ns) / 1e9))
                now_ns = self._clock.now().mono_ns
        if judged.frames:  # of a view whose newest probe is of its newest frame
            self._judged = frame
        self._tried_ns = now_ns
        return replace(judged, fmr=fmr)

    def forget(self) -> None:
        """The visit is over: its probes and pictures are dropped."""
        with self._turn:
            self._forgot_ns = self._clock.now().mono_ns
            self._tried_ns = 0
            self._view = self._view.forgotten()
            self._with_face = self._judged = None

    def evidence(self) -> bytes | None:
        """A frame of this visit as JPEG; None where no frame ever came.

        It is the frame of the face that was judged last; else the newest in which a face was seen;
        else the newest.
        """
        from PIL import Image

        with self._turn:
            frame = self._judged or self._with_face or self._newest
        if frame is None:
            return None
        jpeg = io.BytesIO()
        Image.fromarray(frame.pixels).save(jpeg, "JPEG", quality=JPEG_QUALITY)
        return jpeg.getvalue()

    def preview(self, after: int) -> tuple[int, bytes] | None:
        """Of the newest frame; see the port."""
        with self._turn:
            frame = self._newest
        if frame is None or frame.mono_ns <= after:
            return None
        return frame.mono_ns, preview_jpeg(frame.pixels)

    def _tell(self, ordered: tuple[Held, ActionStatus] | None) -> None:
        """What the screen shows changes; the seconds that are left do so by themselves. An attempt
        that has ended meanwhile orders nothing."""
        wanted = [a.wants_action for a in self._waiting.values()]
        if ordered is not None and not any(ordered[0] is match for match in wanted):
            return
        before, self._action = self.action, ordered
        if _shown(before) != _shown(self.action):
            self._screen_changed()

    @contextlib.contextmanager
    def _frames_awaited(self, attempt: MatchAttempt) -> Iterator[asyncio.Event]:
        """The event is set after each frame; good frames become augmented probes once the
        single-view ones have been looked at."""
        arrived = asyncio.Event()
        with self._turn:
            self._waiting[arrived] = attempt
        try:
            yield arrived
        finally:
            with self._turn:
                self._waiting.pop(arrived, None)
            self._tell(None)

    # -- on the watcher's own thread from here -----------------------------------------------------

    def _run(self, eyes: FrameAnalysis) -> None:
        while not self._stop.is_set():
            self._start_layers()
            try:
                with self._camera as camera:
                    self._exposure = Exposure()
                    while not self._stop.is_set():
                        self._start_layers()
                        self._next(camera, eyes)
            except CameraMissing as e:
                self._outages.tell(e)
                self._stop.wait(REOPEN_S)

    def _next(self, camera: Camera, eyes: FrameAnalysis) -> None:
        try:
            frame = camera.capture(CAPTURE_S)
        except FrameTimeout as e:
            self._outages.tell(e)
            return
        try:
            frame = replace(frame, pixels=as_rgb(frame.pixels))
        except InputRejected as e:  # as if none had come: the camera is set up for something else
            self._outages.tell(e)
            return
        self._outages.tell(None)
        self._fresh_ns = self._clock.now().mono_ns
        with self._turn:
            self._newest = frame
            view, eager = self._view, bool(self._waiting)
            wants_augmented = any(a.wants_augmented for a in self._waiting.values())
            match = next((m for a in self._waiting.values() if (m := a.wants_action)), None)
        kind = TemplateKind.AUGMENTED if wants_augmented else TemplateKind.SINGLE
        idle = not eager and not is_somebody_there(view)
        if idle and frame.mono_ns - self._looked_ns < self._pause_ns:
            return
        self._looked_ns = frame.mono_ns
        self._is_looking = True
        try:
            if self._second is not None:
                self._second.expect(frame)
            view = eyes.look(frame, view, kind, match is not None)
            self._order(match, view, frame)
            if eager and self._layers.layers:  # the frames before may have shown that it lives
                self._keep(frame, view)
            self._keep(frame, self._scored(view, frame, eyes))
        finally:
            self._fresh_ns = self._clock.now().mono_ns  # only now is the next one awaited
            self._is_looking = False
        self._expose(camera, view, eager)

    def _order(self, match: Held | None, view: TrackView, frame: Frame) -> None:
        """The action layer sees every frame in which the face may be, and not only its probes."""
        layer = self._layers.action
        if layer is None:
            return
        told = self._ordered.after_frame(layer, match, view, frame.pixels)
        if match is not None and told is not None:
            self._loop.call_soon_threadsafe(self._tell, (match, told))

    def _scored(self, view: TrackView, frame: Frame, eyes: FrameAnalysis) -> TrackView:
        """`view` with what the liveness layers say of its newest frame. The second camera may have
        come or gone since the frame before."""
        second = None
        if self._second is not None and self._asked != OFF:
            second = self._second.picture(frame)
            self._second.compare(view, frame, second, eyes.faces)
            with self._turn:
                self._layers = self._layers.with_error(self._second.layer, self._second.error)
        return self._layers.scored(view, frame, second)

    def _expose(self, camera: Camera, view: TrackView, awaited: bool) -> None:
        """The camera is told only what is new to it."""
        seen = view.observations[-1]
        if seen.face and seen.luma is None:  # partly outside the picture: nothing to be learned
            return
        before = self._exposure.ev
        self._exposure = after_frame(self._exposure, seen.mono_ns, seen.luma, awaited)
        if self._exposure.ev != before:
            camera.set_exposure_value(self._exposure.ev)

    def _start_layers(self) -> None:
        """The layers that wait to be built are built, unless the exam has changed meanwhile."""
        awaited = self._layers
        if awaited.is_awaited:
            built = LayerSet.build(self._sources)
            if self._second is not None:
                self._second.begin()
            with self._turn:
                if self._layers is awaited:
                    self._layers = built

    def _keep(self, frame: Frame, view: TrackView) -> None:
        """Unless the frame is from before the last `forget`."""
        with self._turn:
            if frame.mono_ns < self._forgot_ns:
                return
            self._view = view
            if is_somebody_there(view):
                self._with_face = frame
            for arrived in self._waiting:
                self._loop.call_soon_threadsafe(arrived.set)


async def _ended(end: Callable[[], None]) -> None:
    """Waits at most END_S. A camera that is being opened may take a minute, and lamps and barrier
    are made safe only after this; the thread ends by itself."""
    await asyncio.wait({asyncio.create_task(asyncio.to_thread(end))}, timeout=END_S)


async def _set_or_over(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set, or after `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _shown(action: ActionStatus | None) -> tuple[object, ...] | None:
    return action and (action["instruction"], action["step"], action["ending"])
