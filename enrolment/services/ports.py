"""The external services as ports. A real one and its simulator obey the same contract tests."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason

NOTHING_READ: Mapping[str, str] = MappingProxyType({})


class IdentityService(Protocol):
    """The national identity service. `key` names the question, so that it counts once."""

    def check(self, key: str, name: str, number: str, face: bytes) -> tuple[CandidateReason, ...]:
        """Why name, number and face do not belong together; empty where they do. ServiceDown."""


class MessageService(Protocol):
    """SMS. `key` names the message: sent again, it arrives once."""

    def send(self, key: str, phone: str, text: str) -> None:
        """Hands the message over. ServiceDown."""


class SignedCallback(NamedTuple):
    """What the payment service sends: JSON and its signature."""

    body: bytes
    signature: str


class PaymentService(Protocol):
    """Orders and payments. `callbacks` and the reconciliation file tell of payments."""

    def make_order(self, order: str, fen: int) -> str:
        """The address where the order is paid; the same order again is the same one.
        ServiceDown."""

    def reconciliation(self, until: datetime) -> str:
        """Every payment made before `until`: CSV with a header. ServiceDown."""


class Judgement(NamedTuple):
    """Why an upload does not pass; empty where it does. `read`: what the card says, by the names
    of the form's fields; staff and candidate see it."""

    reasons: tuple[CandidateReason, ...]
    read: Mapping[str, str] = NOTHING_READ


class UploadChecks(Protocol):
    """Judges what candidates upload: bytes of any content. ServiceDown where nobody can judge now:
    it is asked again, and nothing is counted."""

    def card(self, picture: bytes, data: PersonalData) -> Judgement:
        """The card's photograph against the form. ServiceDown."""

    def video(self, video: bytes, digits: str, card: bytes) -> Judgement:
        """The recording: alive, the `digits` said, the face of the card. ServiceDown."""

    def photo(self, picture: bytes, card: bytes, video: bytes) -> Judgement:
        """The ticket photo: as asked, and the same person. ServiceDown."""
