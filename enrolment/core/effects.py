"""What must be done after an event. Each is done exactly once, named by its place in the events."""

from dataclasses import dataclass
from enum import StrEnum


class Booked(StrEnum):
    """What a payment was; only `fee` counts for the application."""

    FEE = "fee"
    DOUBLE = "double"
    WRONG_AMOUNT = "wrong-amount"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class AskIdentity:
    """Ask the national identity service."""


@dataclass(frozen=True, slots=True)
class QueueReview:
    """Put the corrected application back in the queue."""


@dataclass(frozen=True, slots=True)
class AskFee:
    """Make an order for `fen`."""

    fen: int


@dataclass(frozen=True, slots=True)
class AssignTicket:
    """Give the next ticket number of the district."""


@dataclass(frozen=True, slots=True)
class BookPayment:
    """Book `payment`, with the event itself."""

    kind: Booked
    payment: str
    order: str
    fen: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Send the message `message` by SMS; its words are in enrolment.core.messages."""

    message: str


Effect = AskIdentity | QueueReview | AskFee | AssignTicket | BookPayment | Tell
