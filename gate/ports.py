"""The seams: what the service asks of its adapters, and the values that cross.

Adapters import this, `gate.core` and `gate.errors`, and not each other. Every adapter is a context
manager whose close is idempotent; contract tests in tests/contracts run on the simulated and on
the real ones.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from gate.core.decision import Entry, Event
from gate.core.events import (
    CandidateElsewhere,
    CandidateUnknown,
    CardPresented,
    CardRemoved,
    CardUnreadable,
    FaceJudged,
    Instant,
    ReaderBack,
    ReaderLost,
    ScanPresented,
)
from gate.core.exam import Candidate, Exam, FacePolicy
from gate.core.reasons import Pattern

Picture = npt.NDArray[np.uint8]
"""Height x width x 3, RGB."""

Template = npt.NDArray[np.float32]
"""128 values, unit length."""


# -- values that cross ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture. `number` rises by one a frame; `mono_ns`: when it was exposed."""

    pixels: Picture
    mono_ns: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face, in pixels of the picture it was found in.

    `box`: x, y, width, height (float32[4]); `landmarks`: float32[5, 2] as x, y in the order right
    eye, left eye, nose tip, right and left corner of the mouth, the person's own right and left;
    `score`: 0 to 1.
    """

    box: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    score: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Portrait quality of one face. `eyes_px`: distance between the eyes; `yaw`: 0 frontal to 1
    profile, from the landmarks; `sharpness`: variance of the Laplacian over the aligned face;
    `brightness`: mean luma of the aligned face, 0 to 255. `score`: 0 to 1, the least of them;
    `strength`: length of the recogniser's answer, None before it was asked."""

    eyes_px: float
    yaw: float
    sharpness: float
    brightness: float
    score: float
    strength: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One live sample of one face. `track`: the same number as long as it is the same face;
    `careful`: embedded as a ticket photo is, at many times the price of a quick probe."""

    template: Template
    mono_ns: int
    face: Face
    quality: Quality
    track: int
    liveness: float | None = None
    careful: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a candidate's live face is compared with.

    `mean`, `deviation`: of the reference's highest similarities to the exam's cohort; both None
    where the roster has no cohort (fewer than 200 candidates). `cohort`: float32[n, 128], shared
    by all references of one roster, or None.
    """

    template: Template
    mean: float | None
    deviation: float | None
    cohort: npt.NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A candidate of this site. `reference` is None where no usable ticket photo was handed in."""

    candidate: Candidate
    reference: Reference | None


Lookup = RosterEntry | CandidateElsewhere | CandidateUnknown

ReaderEvent = CardPresented | CardUnreadable | CardRemoved | ReaderLost | ReaderBack


@dataclass(frozen=True, slots=True)
class ScannerLost:
    """`detail`: one sentence for the log."""

    detail: str


@dataclass(frozen=True, slots=True)
class ScannerBack:
    pass


ScannerEvent = ScanPresented | ScannerLost | ScannerBack


@dataclass(frozen=True, slots=True)
class Head:
    """The journal's last place: `seq` 0 and `GENESIS` while it is empty."""

    epoch: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The office's signed word. `high`: every event up to it is stored; `head`: its hash;
    `missing`: ranges above it that are still wanted, both ends included; `generation`: of the
    office's database, which rises when a backup was restored; `top`: up to here every event
    outside `missing` is stored (0: nothing is said above `high`)."""

    generation: int
    gate: str
    epoch: str
    high: int
    head: str
    missing: tuple[tuple[int, int], ...]
    at: str
    top: int = 0


@dataclass(frozen=True, slots=True)
class Disk:
    """Room where the journal lies, in bytes. `free_bytes`: for this user; `journal_bytes`: the
    journal with its log; `log_bytes`: of that the write-ahead log."""

    free_bytes: int
    journal_bytes: int
    log_bytes: int


# -- ports ---------------------------------------------------------------------------------------


class Clock(Protocol):
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


class Scanner(Protocol):
    """Owns one serial port beside the card reader's. Survives unplugging. Its loss puts nothing out
    of service: the card reader is what the gate cannot do without."""

    @property
    def name(self) -> str:
        """As gate.toml has it; decisions carry it."""

    @property
    def status(self) -> Mapping[str, Any]:
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


class Matcher(Protocol):
    """Watches the camera while nobody is there; judges one face against one reference."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...

    @property
    def model(self) -> str:
        """Name and leading hash digits of detector and recogniser, as decisions carry it."""

    @property
    def liveness(self) -> str:
        """The most that it can judge: `off`, `passive` or `action`. An exam may ask for more; then
        `FaceJudged.liveness` is None and nothing is claimed."""

    @property
    def stalled_s(self) -> float:
        """Seconds since the last frame; 0 while frames come."""

    async def judge(self, reference: Reference, policy: FacePolicy) -> FaceJudged:
        """One attempt: at most `policy.probe_seconds`. Uses the probes in hand first."""

    def forget(self) -> None:
        """Drop every probe and start a new track."""

    def evidence(self) -> bytes | None:
        """The newest frame in which a face was seen during this visit, as JPEG, to be sealed at
        once; else the newest frame; None where no frame ever came. From any thread."""


class Signals(Protocol):
    """Lamps, buzzer, barrier. Calls return at once; the rhythm goes on by itself."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None:
        """Lamps and buzzer off, barrier at its rest state."""

    def show(self, pattern: Pattern) -> None:
        """Replaces whatever is shown."""

    def open_barrier(self) -> None:
        """Opens for the unit's `open_s`; again while open starts the time anew."""

    def safe(self) -> None:
        """Buzzer off, barrier at rest, at once."""

    async def acknowledged(self) -> None:
        """Returns when the acknowledge button has been pressed. SignalsMissing where the outputs
        cannot be moved any more."""


class Roster(Protocol):
    """The installed roster, opened one row at a time."""

    @property
    def exam(self) -> Exam: ...

    @property
    def version(self) -> str:
        """`<exam>/<site>/v<version>` as decisions carry it."""

    @property
    def expires(self) -> datetime:
        """Aware; from then on it must not be used."""

    def close(self) -> None:
        """Idempotent. Nothing is asked of it any more."""

    async def find(self, number: str) -> Lookup:
        """By ID number."""

    async def find_typed(self, handle: str, value: str, papers: tuple[str, ...]) -> RosterEntry:
        """By `ticket` (whole or its last 5), `id_tail` (last 6 of the ID number) or `seat`
        (`room-seat`, within `papers`). NoSuchEntry for none or several."""


class RosterShelf(Protocol):
    """Where rosters are installed while the gate runs."""

    @property
    def holds(self) -> bool:
        """Whether any is installed now. Cheap."""

    def refresh(self) -> Roster | None:
        """The installed roster if it is another one than at the last call, verified and opened.
        Blocks (it hashes the file). Refused, InputDamaged, StorageDamaged."""

    def recheck(self) -> None:
        """What is installed is verified and opened anew by the next `refresh`."""

    def overdue(self, now: datetime) -> frozenset[str] | None:
        """Whether the end of retention asks for a destruction at `now`, a trusted clock's: the ids
        of the exams that stay, None where nothing is to be destroyed. StorageRefused."""

    def destroy_overdue(self, now: datetime, keep: frozenset[str]) -> list[str]:
        """Destroy it, keys first, and every evidence file whose name is not in `keep`; by name.
        Survives a power cut at any point: called again it finishes. Blocks. StorageRefused."""

    def history(self, after: int) -> list[dict[str, Any]]:
        """What was installed and destroyed, by whatever process: those numbered above `after`, in
        order. `note`: the number; `what`: `installed` or `destroyed`; `at`: when; `roster`.
        Blocks. StorageRefused."""


class Journal(Protocol):
    """The append-only log. One writer; `append` returns after the commit is on disk."""

    async def __aenter__(self) -> Self:
        """Opens and verifies. StorageRefused: try again later; StorageDamaged."""

    async def __aexit__(self, *_: object) -> None: ...

    @property
    def head(self) -> Head: ...

    async def append(self, entry: Entry) -> Event:
        """StorageRefused (full, read-only: nothing written), StorageBroken (fatal)."""

    async def keep_timing(self, seq: int, ms: Mapping[str, float]) -> None:
        """How long the decision `seq` took; not part of the chain, lost without harm."""

    async def read(self, first: int, limit: int) -> list[Event]:
        """Events from `first` (counting from 1), at most `limit`, in order."""

    def past(self) -> AsyncIterator[list[Event]]:
        """Every event so far, in order, in pages, without `prev`, `hash` and `ms`: the quick way
        for whoever needs all of it once."""

    def earlier(self) -> AsyncIterator[list[Event]]:
        """Whole events of this unit's journals that were damaged and put aside, in pages, the
        oldest journal first. None of them is part of this journal."""

    async def disk(self) -> Disk:
        """StorageRefused where the disk does not answer."""

    @property
    def begun(self) -> Event | None:
        """The first event of a journal that follows a damaged one: what is missing of that."""

    async def beyond(self, seq: int) -> None:
        """Returns when the head is past `seq`."""

    async def receipt(self) -> Receipt | None: ...
    async def keep_receipt(self, receipt: Receipt) -> None: ...


class Evidence(Protocol):
    def keep(self, jpeg: bytes, name: str) -> str:
        """Seal to the chief examiner and write it durably; the SHA-256 of the sealed bytes, hex.
        StorageRefused."""


class Uplink(Protocol):
    """Journal to office. Has no state of its own: the journal and the receipt are it."""

    @property
    def status(self) -> Mapping[str, Any]:
        """`connected`, `unsent`, `receipted`, `last_error`."""

    async def run(self) -> None:
        """Until cancelled. Survives every network fault."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an invigilator says of a REFER."""

    decision: str
    admit: bool
    by: str
    second: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A candidate typed by staff; exactly one handle."""

    handle: str
    value: str
    document: str
    valid_to: str
    by: str


class Desk(Protocol):
    """How staff drive a running gate: status snapshots out, staff events in."""

    def status(self) -> dict[str, Any]: ...
    async def type(self, typed: Typed) -> dict[str, Any]: ...
    async def settle(self, verdict: Verdict) -> dict[str, Any]: ...
    async def acknowledge(self, by: str) -> dict[str, Any]: ...
    def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Decisions as they are committed, and status when it changes. A slow reader loses the
        oldest status lines first, never a decision without being told (`{"dropped": n}`)."""
