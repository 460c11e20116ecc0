"""Services that can fail in each of their ways: down, wrong, late, twice, forged, missing."""

from dataclasses import dataclass, field
from datetime import datetime

from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from enrolment.errors import ServiceDown
from enrolment.services.payment_messages import Payment, signed, write_reconciliation
from enrolment.services.ports import Judgement, SignedCallback


def _down(service: str) -> ServiceDown:
    return ServiceDown(
        f"The {service} service does not answer: nothing was counted, it is asked again.",
        "外部服务暂时无法使用：不计次数，系统会自动重试。",
        service=service,
    )


@dataclass
class SimulatedIdentity:
    """Knows `people`: number -> name. `strangers`: numbers whose face differs."""

    people: dict[str, str] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    down: bool = False
    answered: dict[str, tuple[CandidateReason, ...]] = field(default_factory=dict)

    def check(self, key: str, name: str, number: str, face: bytes) -> tuple[CandidateReason, ...]:
        """As the port says: ServiceDown while `down`. A question asked again gets its answer."""
        if self.down:
            raise _down("identity")
        if key not in self.answered:
            self.answered[key] = self._judged(name, number)
        return self.answered[key]

    def _judged(self, name: str, number: str) -> tuple[CandidateReason, ...]:
        if number not in self.people:
            return (CandidateReason.NUMBER_DIFFERS,)
        if self.people[number] != name:
            return (CandidateReason.NAME_DIFFERS,)
        return (CandidateReason.FACE_DIFFERS,) if number in self.strangers else ()


class EverybodyKnown:
    """An identity service that agrees with everything: for trials without a list of people."""

    def check(self, key: str, name: str, number: str, face: bytes) -> tuple[CandidateReason, ...]:
        """As the port says; never down."""
        return ()


@dataclass
class SimulatedMessages:
    """`sent`: by key, so that a repetition arrives once."""

    sent: dict[str, tuple[str, str]] = field(default_factory=dict)
    down: bool = False

    def send(self, key: str, phone: str, text: str) -> None:
        """As the port says. ServiceDown while `down`."""
        if self.down:
            raise _down("message")
        self.sent.setdefault(key, (phone, text))


@dataclass
class SimulatedPayments:
    """Orders that people pay, once or more often; `key` signs the callbacks."""

    key: bytes = b"simulated payment service"
    orders: dict[str, int] = field(default_factory=dict)
    made: list[Payment] = field(default_factory=list)
    down: bool = False

    def make_order(self, order: str, fen: int) -> str:
        """As the port says. ServiceDown while `down`; ValueError for another sum."""
        if self.down:
            raise _down("payment")
        if self.orders.setdefault(order, fen) != fen:
            raise ValueError(f"order {order} has another sum")
        return f"https://pay.invalid/{order}"

    def pay(self, order: str, at: datetime, fen: int | None = None) -> Payment:
        """Somebody pays; the callback is the caller's to send, late, twice or never."""
        sum_fen = self.orders[order] if fen is None else fen
        payment = Payment(f"pay-{len(self.made) + 1:06d}-{order}"[:64], order, sum_fen, at)
        self.made.append(payment)
        return payment

    def callback(self, payment: Payment) -> SignedCallback:
        """The genuine callback."""
        return signed(payment, self.key)

    def forged(self, payment: Payment) -> SignedCallback:
        """A callback that somebody else signed."""
        return signed(payment, b"another key")

    def reconciliation(self, until: datetime) -> str:
        """As the port says. ServiceDown while `down`."""
        if self.down:
            raise _down("payment")
        return write_reconciliation([p for p in self.made if p.paid_at < until])


@dataclass
class SimulatedChecks:
    """Judges nothing: every upload passes, but for `failing` by kind, the next first."""

    failing: dict[str, list[CandidateReason]] = field(default_factory=dict)
    down: bool = False

    def card(self, picture: bytes, data: PersonalData) -> Judgement:
        """As the port says. ServiceDown while `down`."""
        reasons = self._judged("card")
        return Judgement(reasons, {} if reasons else {"name": data.name, "number": data.number})

    def video(self, video: bytes, digits: str, card: bytes) -> Judgement:
        """As the port says. ServiceDown while `down`."""
        return Judgement(self._judged("video"))

    def photo(self, picture: bytes, card: bytes, video: bytes) -> Judgement:
        """As the port says. ServiceDown while `down`."""
        return Judgement(self._judged("photo"))

    def _judged(self, kind: str) -> tuple[CandidateReason, ...]:
        if self.down:
            raise _down("check")
        waiting = self.failing.get(kind)
        return (waiting.pop(0),) if waiting else ()
