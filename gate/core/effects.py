"""What is to be done, in the imperative. `step` returns these; the service performs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.core.exam import FacePolicy
from gate.core.reasons import Pattern
from gate.core.records import DecisionBody, StaffBody


@dataclass(frozen=True, slots=True)
class LookUpCard:
    """Find the candidate whose card carries `number`."""

    number: str

    def __repr__(self) -> str:  # a log line must not carry a number
        return f"LookUpCard(…{self.number[-2:]})"


@dataclass(frozen=True, slots=True)
class LookUpTyped:
    """Find the candidate by what staff typed: `handle` is `ticket`, `id_tail` or `seat`."""

    handle: str
    value: str


@dataclass(frozen=True, slots=True)
class LookUpTicket:
    """Find the candidate of this whole ticket number, never by a part of it."""

    ticket: str


@dataclass(frozen=True, slots=True)
class JudgeFace:
    """Compare the live face with the candidate's reference. `attempt` counts from 1; `found_ns`:
    monotonic, when the candidate was presented: who was seen before is not compared."""

    policy: FacePolicy
    attempt: int
    found_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """Commit this; nothing that follows from it may be shown before. `evidence`: seal a picture
    first and name its hash in the body."""

    kind: str
    body: DecisionBody | StaffBody
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class JournalNote:
    """Journal this beside the visit; nothing waits for it."""

    kind: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordBeside:
    """Commit this beside the visit; RecordedBeside or RefusedBeside is the answer. A `kind` of
    `decision` is counted and told like any. `reader`: the exit reader that asked, or empty."""

    kind: str
    body: Mapping[str, object]
    reader: str = ""


@dataclass(frozen=True, slots=True)
class TellExit:
    """Tell the staff of the exit `reader`. `reason`: empty where none fits."""

    reader: str
    reason: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Show:
    """Lamps, buzzer and the sentence for the candidate. `facts`: what the sentence is about."""

    pattern: Pattern
    reason: str = ""
    zh: str = ""
    en: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenBarrier:
    """The barrier is to open once. `longer`: for somebody who needs more time to pass."""

    longer: bool = False


@dataclass(frozen=True, slots=True)
class StartTimer:
    """A TimeElapsed with this `token` is to come after `seconds`."""

    seconds: float
    token: int


@dataclass(frozen=True, slots=True)
class ForgetFaces:
    """The visit is over: no probe of this person may serve the next one."""


@dataclass(frozen=True, slots=True)
class EndAction:
    """The action that is ordered now need not be done: its attempt is over without it."""


@dataclass(frozen=True, slots=True)
class FindAgain:
    """The reader is to find what lies there anew, and to present it with the new instant."""


Effect = (
    LookUpCard
    | LookUpTyped
    | LookUpTicket
    | JudgeFace
    | Record
    | JournalNote
    | RecordBeside
    | TellExit
    | Show
    | OpenBarrier
    | StartTimer
    | ForgetFaces
    | EndAction
    | FindAgain
)
