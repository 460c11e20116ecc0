"""The external services as ports. A real one and its simulator obey the same contract tests."""

from datetime import datetime
from typing import NamedTuple, Protocol

from enrolment.core.reasons import CandidateReason


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
