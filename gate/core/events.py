"""What happened, in the past tense. The state table takes these and nothing else.

Instants carry both times: the wall for rules and records, the monotonic for durations; the two
are never mixed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gate.core.card import DocumentKind, Expiry, IdCard, OddField
from gate.core.exam import Candidate, Exam
from gate.core.liveness import Liveness
from gate.core.reasons import FACE_REASONS, Advice, Reason
from gate.core.records import JournalEvent
from gate.core.site_entries import SiteEntry

YEARS = range(2020, 2100)
"""What a clock in service may show: this program is younger, and no unit is to stand that long.
Gate and office judge the times of events and receipts by the same."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment by two clocks.

    `at`: aware wall time. `mono_ns`: monotonic. `trusted`: the wall may be relied on, which nobody
    may where it shows a year outside `YEARS`.
    """

    at: datetime
    mono_ns: int
    trusted: bool

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an instant needs an aware time")
        if self.at.year not in YEARS:
            object.__setattr__(self, "trusted", False)


class Source(StrEnum):
    """How a document came to the gate; the value stands in records."""

    CARD = "card"
    TYPED = "typed"
    SCAN = "scan"


class Fault(StrEnum):
    """What makes the gate say OUT OF SERVICE. JOURNAL stops every decision; the others stop what
    needs them: a typed candidate is still recorded when reader or camera are gone."""

    JOURNAL = "journal"
    ROSTER = "roster"
    READER = "reader"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A card was read whole. `found`: the reader's card-found reply, the instant that counts;
    `read_mono_ns`: the last byte."""

    card: IdCard
    found: Instant
    read_mono_ns: int


@dataclass(frozen=True, slots=True)
class CardUnreadable:
    """A card was found but not read. `reason`: `lay-again`, `not-an-id-card` or `line-noise`."""

    found: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The card has left the reader."""

    at: Instant


@dataclass(frozen=True, slots=True)
class ReaderLost:
    """The reader is gone or silent. `detail`: one sentence for the log."""

    detail: str


@dataclass(frozen=True, slots=True)
class ReaderBack:
    """The card reader answers again after a ReaderLost."""


@dataclass(frozen=True, slots=True)
class StaffTyped:
    """An invigilator typed a candidate. Exactly one of the handles is what was typed:
    `handle` is `ticket`, `id_tail` or `seat`; `value` what stood there."""

    handle: str
    value: str
    document: DocumentKind
    valid_to: date | Expiry
    by: str
    at: Instant
    declined: bool = False
    """Whether the candidate declines the face check."""


@dataclass(frozen=True, slots=True)
class ScanPresented:
    """A scanner read what names one candidate.

    `handle`: `ticket` (a whole ticket number, `value`) or `number` (the number of an identity
    document). `at`: when its last byte came, the instant that counts. `odd`: names of fields with
    impossible contents.
    """

    scanner: str
    handle: str
    value: str
    document: DocumentKind
    valid_to: date | Expiry
    at: Instant
    odd: tuple[OddField, ...] = ()

    def __repr__(self) -> str:  # a log line must not carry a number
        return f"ScanPresented({self.scanner}, {self.handle}, {self.document})"


@dataclass(frozen=True, slots=True)
class CandidateFound:
    """The lookup found this candidate on the roster of this site."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class CandidateElsewhere:
    """In the exam, at another site. `key`: the keyed ID, hex; `papers`: (paper id, site id) of who
    has papers at several sites."""

    site: str
    key: str
    papers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateUnknown:
    """The lookup found nobody. `key`: the candidate key that was looked up."""

    key: str


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """The roster could not be read: damaged, or its disk is."""

    detail: str


@dataclass(frozen=True, slots=True)
class FaceJudged:
    """One attempt at the face has ended. `reason` is OK or one of the face reasons.

    `score`: raw cosine of the fused probe with the reference. `normalised`: its s-norm, None where
    the cohort is too small. `threshold`: what the deciding one of the two was held against.
    `floor`: what the raw cosine was held against beside it, None where it decides itself.
    `frames`: probes fused. `fresh`: those of them taken after the card was found. `liveness`: None
    where the exam asks for none. `fmr`: the target that was used, None where it is that of the
    policy.

    ValueError: a number is not finite, because a record with NaN could not be written. ValueError,
    too, where a compared face is OK without a fresh probe: an older probe may be of somebody else.
    """

    reason: Reason
    score: float | None = None
    normalised: float | None = None
    normalisation: str | None = None
    threshold: float | None = None
    frames: int = 0
    liveness: Liveness | None = None
    quality: float | None = None
    advice: Advice | None = None
    fresh: int = 0
    floor: float | None = None
    fmr: float | None = None

    def __post_init__(self) -> None:
        if self.reason is not Reason.OK and self.reason not in FACE_REASONS:
            raise ValueError(f"{self.reason} is nothing that a face can say")
        least = 1 if self.reason is Reason.OK and self.frames else 0
        if not least <= self.fresh <= self.frames:
            raise ValueError(f"{self.reason} on {self.frames} probes, {self.fresh} of them fresh")
        scores = (self.score, self.normalised, self.threshold, self.floor)
        numbers = (*scores, self.quality, self.fmr)
        if not all(n is None or math.isfinite(n) for n in numbers):
            raise ValueError("a face judged with a number that is not finite")


@dataclass(frozen=True, slots=True)
class DecisionRecorded:
    """The decision or verdict that was asked for is committed. `at`: the time in its record."""

    decision: str
    at: Instant


@dataclass(frozen=True, slots=True)
class RecordRefused:
    """The journal took nothing: the decision does not exist."""


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """An invigilator's verdict on a REFER, the first signature where it wants two. `decision`: its
    id. `role`: None where the roster names no staff."""

    decision: str
    admit: bool
    by: str
    second: str | None
    note: str
    at: Instant
    role: str | None = None


@dataclass(frozen=True, slots=True)
class CaseSigned:
    """Another person confirms the verdict that was signed first. `case`: the decision's id."""

    case: str
    by: str
    role: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class CorrectionGiven:
    """Staff correct what a case was settled with. `decision`: the id of its REFER."""

    decision: str
    admit: bool
    by: str
    role: str | None
    note: str
    at: Instant
    second: str | None = None


@dataclass(frozen=True, slots=True)
class FaceDeclined:
    """The candidate at the gate declines the face check, as an invigilator (`by`) says."""

    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person (`by`) has acknowledged the open REFERs."""

    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class ActionExcused:
    """An invigilator (`by`) has excused the candidate at the gate from the action."""

    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class PapersLooked:
    """Staff (`by`) have looked at a candidate's notice and health report. `complete`: nothing is
    wanting for the paper."""

    by: str
    ticket: str
    key: str
    paper: str
    complete: bool
    at: Instant


@dataclass(frozen=True, slots=True)
class RosterOpened:
    """A roster was installed, or a newer one. `version`: as decisions carry it. `has_staff`: it
    names who may sign."""

    exam: Exam
    version: str
    has_staff: bool = False


@dataclass(frozen=True, slots=True)
class TimeElapsed:
    """A wait that was asked for has ended; an old `token` is ignored."""

    token: int


@dataclass(frozen=True, slots=True)
class FaultRaised:
    """This fault has begun.

    `detail`: one sentence for the log.
    """

    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultCleared:
    """This fault is over."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class LookDue:
    """Another look at what lies on the reader is due (`gate.core.card_left_lying.is_due`)."""

    at: Instant


@dataclass(frozen=True, slots=True)
class ExitRead:
    """An exit reader has read who leaves.

    `reader`: its name. `answer`: what the roster said, None while no roster is in use or it cannot
    be read. `at`: the instant that counts.
    """

    reader: str
    source: Source
    document: DocumentKind
    answer: CandidateFound | CandidateElsewhere | CandidateUnknown | None
    at: Instant


@dataclass(frozen=True, slots=True)
class RoomsReassigned:
    """Staff (`by`) give the gate these rooms; none: every room of the site."""

    rooms: tuple[str, ...]
    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class ReportSigned:
    """The chief examiner (`by`) has signed the numbers of a paper."""

    numbers: Mapping[str, object]
    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class PeersHeard:
    """Another gate of the site has told whom it let in or saw leave. `entries`: those that were not
    known yet, up to number `to` of its journal `epoch`."""

    exam: str
    gate: str
    epoch: str
    to: int
    entries: tuple[SiteEntry, ...]


@dataclass(frozen=True, slots=True)
class RecordedBeside:
    """What was asked for beside a visit is committed, as the journal event `event`."""

    event: JournalEvent


@dataclass(frozen=True, slots=True)
class RefusedBeside:
    """The journal did not take it. `reader`: the exit reader that asked, or empty."""

    reader: str = ""


LaneEvent = (
    CardPresented
    | CardUnreadable
    | CardRemoved
    | ReaderLost
    | ReaderBack
    | StaffTyped
    | ScanPresented
    | CandidateFound
    | CandidateElsewhere
    | CandidateUnknown
    | LookupFailed
    | FaceJudged
    | DecisionRecorded
    | RecordRefused
    | VerdictGiven
    | CaseSigned
    | CorrectionGiven
    | FaceDeclined
    | Acknowledged
    | ActionExcused
    | PapersLooked
    | TimeElapsed
    | FaultRaised
    | FaultCleared
    | RosterOpened
    | LookDue
    | ExitRead
    | RoomsReassigned
    | ReportSigned
    | PeersHeard
    | RecordedBeside
    | RefusedBeside
)
