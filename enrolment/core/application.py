"""An application: what its events made of it."""

from dataclasses import dataclass
from datetime import datetime

from enrolment.core.effects import Booked, Effect
from enrolment.core.events import SeatGiven
from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from enrolment.core.round import Round
from enrolment.core.status import BEFORE_VERIFIED, Status


@dataclass(frozen=True, slots=True)
class Booking:
    """A payment and what it was."""

    kind: Booked
    payment: str
    order: str
    fen: int


@dataclass(frozen=True, slots=True)
class Application:
    """`version` counts its events. `failures`: times of failed checks since the path was opened.

    `told`: why the last check failed. `manual`: staff approved the identity; `face_compared`: by
    comparing faces. `lacking`: what the reviewer asked for. `order`, `ticket`, `photo` are empty
    until they are made. `reason`: of a refusal or a lock.
    """

    id: str
    round: Round
    status: Status
    consent: str
    version: int = 1
    data: PersonalData | None = None
    failures: tuple[datetime, ...] = ()
    told: tuple[CandidateReason, ...] = ()
    manual: bool = False
    face_compared: bool = False
    photo: str = ""
    signature: str = ""
    proofs: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    corrections: int = 0
    order: str = ""
    fee_fen: int = 0
    bookings: tuple[Booking, ...] = ()
    ticket: str = ""
    seats: tuple[SeatGiven, ...] = ()
    reason: str = ""

    @property
    def fee_taken(self) -> bool:
        """Whether a payment counts as the fee."""
        return any(b.kind is Booked.FEE for b in self.bookings)

    @property
    def identity_open(self) -> bool:
        """Whether name and number are not frozen yet."""
        return self.status in BEFORE_VERIFIED


Step = tuple[Application, tuple[Effect, ...]]
