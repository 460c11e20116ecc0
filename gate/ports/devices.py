"""What stands at the lane: clock, readers, camera with its matcher, lamps and barrier."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol, Self

from gate.core.action_order import ActionStatus
from gate.core.events import FaceJudged, Instant
from gate.core.exam import FacePolicy
from gate.core.liveness import FittedLayers
from gate.core.reasons import Pattern
from gate.ports.status import LayerStatus, ScannerStatus
from gate.ports.values import Frame, ReaderEvent, Reference, ScannerEvent


class Clock(Protocol):
    """The unit's clock: wall time, monotonic time, and whether the wall time is trusted."""

    def now(self) -> Instant:
        """This moment. Never blocks; may be called from any thread."""

    @property
    def boot(self) -> str:
        """Names the span within which `mono_ns` values may be compared."""


class CardReader(Protocol):
    """Owns one serial port. Survives unplugging: `ReaderLost`, later `ReaderBack`."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    def events(self) -> AsyncIterator[ReaderEvent]:
        """Cards and the reader's state, until closed. GateBug where nothing can come any more."""

    def find_again(self) -> None:
        """What lies there is found and read anew, and presented with the new instant, or told as
        removed where nothing lies there any more. Returns at once."""


class Scanner(Protocol):
    """Owns one serial port beside the card reader's. Survives unplugging. Its loss puts nothing out
    of service: the card reader is what the gate cannot do without."""

    @property
    def name(self) -> str:
        """As gate.toml has it; decisions carry it."""

    @property
    def status(self) -> ScannerStatus:
        """`connected`; `read`: presentations so far; `refused`: payloads that named nobody, by
        reason."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    def events(self) -> AsyncIterator[ScannerEvent]:
        """Presentations and the scanner's state, for one taker. A presentation that lasts is told
        once."""


class Camera(Protocol):
    """Owned and called by one thread."""

    def __enter__(self) -> Self:
        """CameraMissing where there is none."""

    def __exit__(self, *_: object) -> None: ...
    def capture(self, timeout_s: float) -> Frame:
        """The next frame, never an old one. FrameTimeout, CameraMissing."""

    def set_exposure_value(self, stops: float) -> None:
        """From one of the next frames on the scene is exposed by so many stops more than the camera
        does of itself, until told otherwise. Returns at once. Nothing where the camera cannot.
        CameraMissing."""


class Matcher(Protocol):
    """Watches the camera while nobody is there; judges one face against one reference."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...

    @property
    def model(self) -> str:
        """Name and leading hash digits of detector and recogniser, as decisions carry it."""

    @property
    def fitted(self) -> FittedLayers:
        """The liveness layers that work, or may when they are started, and those that are lost. An
        exam may ask for more; then `FaceJudged.liveness` is unsure."""

    @property
    def layers(self) -> Mapping[str, LayerStatus]:
        """Each liveness layer, and why it does not judge."""

    def use_liveness(self, asked: str) -> None:
        """What the exam in use asks for at most: `off`, `passive` or `action`. Returns at once; the
        layers score the frames that follow. With `off` none is loaded."""

    @property
    def action(self) -> ActionStatus | None:
        """What the candidate is told to do now, and how it ended; None where nothing is ordered."""

    def use_screen(self, is_there: Callable[[], bool], changed: Callable[[], None]) -> None:
        """`is_there`: whether a screen shows `action` to the candidate; without one no action is
        ordered. `changed`: called on the loop's thread when there is something else to be shown."""

    def end_action(self) -> None:
        """The attempt that runs orders no action, or none any more; without it the attempt is over
        as soon as that is what is left."""

    @property
    def stalled_s(self) -> float:
        """Seconds since the last frame; 0 while frames come."""

    async def judge(self, reference: Reference, policy: FacePolicy, found_ns: int) -> FaceJudged:
        """One attempt. It lasts at most `policy.probe_seconds` and the frame that confirms a match,
        and where an action is ordered the time of that.

        Only frames exposed after `found_ns` (monotonic, the clock of `Frame.mono_ns`) are compared
        with the reference. OK is said only of the person whom the newest frame shows.
        """

    def forget(self) -> None:
        """Drop every probe and start a new track."""

    def evidence(self) -> bytes | None:
        """A frame of this visit as JPEG, to be sealed at once; None where no frame ever came.

        It is the frame of the face that was judged last; else the newest in which a face was seen;
        else the newest. From any thread.
        """

    def preview(self, after: int) -> tuple[int, bytes] | None:
        """Time and small mirrored JPEG of the newest frame; None where it is not from after `after`
        (monotonic, ns), or none ever came. From any thread; nothing is kept."""


class Signals(Protocol):
    """Lamps, buzzer, barrier. Calls return at once; the rhythm goes on by itself."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None:
        """Lamps and buzzer off, barrier at its rest state."""

    def show(self, pattern: Pattern) -> None:
        """Replaces whatever is shown."""

    def open_barrier(self, *, longer: bool = False) -> None:
        """Opens for the unit's `open_s`, or `open_wheelchair_s` where that is longer and asked for.
        Again while open starts the time anew, and shortens nothing."""

    def safe(self) -> None:
        """Buzzer off, barrier at rest, at once."""

    async def acknowledged(self) -> None:
        """Returns when the acknowledge button has been pressed. SignalsMissing where the outputs
        cannot be moved any more."""
