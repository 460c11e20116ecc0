"""What crosses the seams. Pictures and templates are numpy arrays; everything else is plain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gate.core.events import (
    CandidateElsewhere,
    CandidateUnknown,
    CardPresented,
    CardRemoved,
    CardUnreadable,
    ReaderBack,
    ReaderLost,
    ScanPresented,
)
from gate.core.exam import Candidate, Seat
from gate.core.liveness import FrameScores

Picture = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""

Template = npt.NDArray[np.float32]
"""(128,) float32, unit length."""

TemplateRows = npt.NDArray[np.float32]
"""(n, 128) float32: a template a row."""

Landmarks = npt.NDArray[np.float32]
"""(5, 2) float32: x, y. The order: right eye, left eye, nose tip, right and left corner of the
mouth. Right and left are the person's own."""

Box = npt.NDArray[np.float32]
"""(4,) float32: x, y, width, height."""

Point = npt.NDArray[np.float32]
"""(2,) float32: x, y."""

Plane = npt.NDArray[np.float32]
"""(height, width) float32: one value a pixel."""


FRONTAL_PITCH = 0.58
"""Where the nose tip of a face that looks ahead lies between eyes and mouth."""


class TemplateKind(StrEnum):
    """How a template is made.

    `SINGLE`: of one view, as that of a live face is at first. `AUGMENTED`: of several turns with
    their mirror images, finely aligned, at about eight times the cost. Every reference is
    augmented, and so is a live face that the single view left open.
    """

    SINGLE = "single view"
    AUGMENTED = "augmented"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera picture.

    `number` rises by one a frame. `mono_ns`: when its exposure began, in ns on the clock of
    `Instant.mono_ns`. It is never later than the arrival of the frame. So a frame with a later time
    than the card shows who is there after the card.
    """

    pixels: Picture
    mono_ns: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face, in pixels of the picture it was found in.

    `score`: 0 to 1.
    """

    box: Box
    landmarks: Landmarks
    score: float


@dataclass(frozen=True, slots=True)
class Occlusion:
    """How surely each part of a face is covered, 0 to 1.

    `mask`: nose or mouth, by a mask, a scarf, a hand or something held up. `hat`: the forehead.
    `sunglasses`: the eyes, by dark glass or something before them. `fringe`: the eyes, by hair.
    """

    mask: float
    hat: float
    sunglasses: float
    fringe: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Portrait quality of one face.

    `eyes_px`: distance between the eyes in pixels. `yaw`: 0 frontal to 1 profile, from the
    landmarks. `sharpness`: variance of the Laplacian over the aligned face. `brightness`: mean luma
    of the aligned face, 0 to 255. `score`: 0 to 1. Once the recogniser ran, it is of its
    feature norm alone, which predicts a miss; before, the least of the others. `feature_norm`:
    length of the recogniser's output, None before it ran. `burnt`: share of overexposed pixels from
    brows to nose, 0 to 1. `occlusion`: None where it was not measured. `pitch`: place of the nose
    tip between eyes (0) and mouth (1). `roll_deg`: lean of the line through the eyes. `spread`:
    standard deviation of the luma; `black`, `white`: what 2% of the face lie below and above.
    `evenness`: the darker half of the face against the brighter, 0 to 1. `surrounding`: luma that a
    quarter of the face's surrounding exceeds, None where it was not measured. `isotropy`: how
    alike the finest structure is in all directions, 0 to 1; `detail`: coarser structure that is
    left in the worst direction, 0 upwards. Both are low in a face that moved.
    """

    eyes_px: float
    yaw: float
    sharpness: float
    brightness: float
    score: float
    feature_norm: float | None = None
    burnt: float = 0.0
    occlusion: Occlusion | None = None
    pitch: float = FRONTAL_PITCH
    roll_deg: float = 0.0
    spread: float = 0.0
    black: float = 0.0
    white: float = 0.0
    evenness: float = 1.0
    surrounding: float | None = None
    isotropy: float = 1.0
    detail: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One live sample of one face. `track`: the same number as long as it is the same face. `kind`:
    how its template was made. `liveness`: what each liveness layer said of this frame."""

    template: Template
    mono_ns: int
    face: Face
    quality: Quality
    track: int
    liveness: FrameScores = field(default_factory=dict)
    kind: TemplateKind = TemplateKind.SINGLE


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a candidate's live face is compared with.

    `mean`, `deviation`: of the reference's highest similarities to the exam's cohort; both None
    where the roster has no cohort (fewer than 200 candidates). `cohort`: shared
    by all references of one roster, or None.
    """

    template: Template
    mean: float | None
    deviation: float | None
    cohort: TemplateRows | None


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A candidate of this site. `reference` is None where no usable ticket photo was handed in."""

    candidate: Candidate
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class SeatedCandidate:
    """Who sits somewhere, as a sheet or a list shows them. `key`: the candidate key, hex; `photo`:
    the ticket photo as JPEG, None where there is none."""

    key: str
    ticket: str
    name: str
    seat: Seat
    flags: frozenset[str]
    photo: bytes | None

    def __repr__(self) -> str:  # a log line must not carry a name
        return f"SeatedCandidate({self.ticket})"


Lookup = RosterEntry | CandidateElsewhere | CandidateUnknown

ReaderEvent = CardPresented | CardUnreadable | CardRemoved | ReaderLost | ReaderBack


@dataclass(frozen=True, slots=True)
class ScannerLost:
    """The scanner cannot be read any more.

    `detail`: one sentence for the log.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class ScannerBack:
    """The scanner answers again after it was lost."""


ScannerEvent = ScanPresented | ScannerLost | ScannerBack


@dataclass(frozen=True, slots=True)
class Head:
    """The journal's last place: `seq` 0 and `GENESIS` while it is empty."""

    epoch: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The office's signed word of what it has stored.

    `high`: every event up to it is stored. `head`: the hash of that event. `missing`: ranges above
    it that are still wanted, both ends included. `generation`: of the office's database; it rises
    when a backup was restored. `top`: up to here every event outside `missing` is stored (0:
    nothing is said above `high`). `given`: the JSON that the office signed, empty where only its
    contents were kept.
    """

    generation: int
    gate: str
    epoch: str
    high: int
    head: str
    missing: tuple[tuple[int, int], ...]
    at: str
    top: int = 0
    given: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Room where the journal lies, in bytes. `free_bytes`: for this user; `journal_bytes`: the
    journal with its log; `log_bytes`: of that the write-ahead log."""

    free_bytes: int
    journal_bytes: int
    log_bytes: int


@dataclass(frozen=True, slots=True)
class StaffVerdict:
    """What an invigilator says of a REFER."""

    decision: str
    admit: bool
    by: str
    second: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PapersSeen:
    """What staff have seen of a candidate. `shown`: of `REQUIREMENTS`. `answers`: question id to
    answer, where they say so."""

    ticket: str
    shown: tuple[str, ...]
    answers: Mapping[str, str] = field(repr=False)
    by: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A candidate typed by staff; exactly one handle. `declined`: the face check is."""

    handle: str
    value: str
    document: str
    valid_to: str
    by: str
    declined: bool = False
