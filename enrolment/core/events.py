"""What happens to an application. Each event says when, by whom and why; nothing is overwritten."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason


class Role(StrEnum):
    """Who gives an event."""

    CANDIDATE = "candidate"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id`: of the application, of the member of staff, or the name of a service."""

    role: Role
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`at` is aware. `why`: in words, where a person decided."""

    at: datetime
    by: Actor
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The candidate agreed to the rules of this `consent` version."""

    consent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChanged(Event):
    """The form was saved."""

    data: PersonalData


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Event):
    """The form is complete and true, says the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChecked(Event):
    """The card's photograph was judged; without reasons it passed."""

    reasons: tuple[CandidateReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessChecked(Event):
    """The video was judged; without reasons it passed."""

    reasons: tuple[CandidateReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoChecked(Event):
    """The ticket photo was judged; `photo` names the stored one."""

    photo: str = ""
    reasons: tuple[CandidateReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureGiven(Event):
    """Signed by hand; `signature` names the stored picture."""

    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChecked(Event):
    """What the national identity service said of name, number and face."""

    reasons: tuple[CandidateReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualRequested(Event):
    """The candidate asks staff to look; `proofs` names what was uploaded."""

    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualDecided(Event):
    """A member of staff decided. `face_compared`: card and living face were compared by eye."""

    approved: bool
    face_compared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsHandedIn(Event):
    """The documents that the round asks for, by id."""

    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQueued(Event):
    """A corrected application waits for a reviewer again."""


class ReviewOutcome(StrEnum):
    """What a reviewer may decide."""

    PASS = "pass"
    CORRECT = "correct"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecided(Event):
    """A reviewer decided; `lacking` names everything that is to be corrected, at once."""

    outcome: ReviewOutcome
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionHandedIn(Event):
    """What was lacking, by the same names."""

    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeAsked(Event):
    """An `order` for `fen` was made."""

    order: str
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReported(Event):
    """The payment service says that `payment` of `fen` was made at `paid_at` for `order`."""

    payment: str
    order: str
    fen: int
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketGiven(Event):
    """The ticket number."""

    ticket: str


@dataclass(frozen=True, slots=True)
class SeatGiven:
    """One seat of one paper."""

    paper: str
    site: str
    room: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated(Event):
    """Where the candidate sits, one entry a paper."""

    seats: tuple[SeatGiven, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked(Event):
    """A reviewer locked the number, for forged proofs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(Event):
    """The period ended."""
