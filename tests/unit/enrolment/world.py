"""A round and the events of one candidate in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from enrolment.core import events as e
from enrolment.core.application import Application
from enrolment.core.events import Actor, Event, Role
from enrolment.core.personal_data import PersonalData
from enrolment.core.round import District, Level, Period, Proof, Round, Subject
from enrolment.core.transitions import start, step
from tests.roster_making import citizen

T0 = datetime(2027, 1, 5, 6, 0, tzinfo=UTC)


def days(count: float) -> datetime:
    return T0 + timedelta(days=count)


ROUND = Round(
    id="hb-ck-2027",
    name="湖北省成人高考 2027",
    timezone="Asia/Shanghai",
    consent="2027-1",
    registration=Period(T0, days(10)),
    correction=Period(T0, days(15)),
    fee=Period(T0, days(20)),
    districts=(District("420111", "洪山区"), District("420106", "武昌区")),
    levels=(Level("gqz", "高起专", 10500), Level("gqb", "高起本", 16500)),
    subjects=(Subject("00015", "英语（二）"), Subject("00023", "高等数学")),
    proofs=(
        Proof("diploma", "毕业证", "diploma", frozenset({"gqb"})),
        Proof("residence", "居住证", "residence"),
    ),
)  # fmt: skip

CANDIDATE = Actor(Role.CANDIDATE, "a1")
STAFF = Actor(Role.STAFF, "reviewer-1")
SYSTEM = Actor(Role.SYSTEM, "test")
DATA = PersonalData("王小明", citizen(1), "13800000001", "420111", "gqz", ("00015",), "一中")


def started(at: datetime = T0) -> Event:
    return e.Started(at=at, by=CANDIDATE, consent="2027-1")


def payment(at: datetime = T0, name: str = "p1", fen: int = 10500, order: str = "o1") -> Event:
    return e.PaymentReported(at=at, by=SYSTEM, payment=name, order=order, fen=fen, paid_at=at)


def road(data: PersonalData = DATA, at: datetime = T0) -> list[Event]:
    """The straight way to a seat."""
    c = {"at": at, "by": CANDIDATE}
    s = {"at": at, "by": SYSTEM}
    staff = {"at": at, "by": STAFF}
    return [
        started(at),
        e.DataChanged(**c, data=data),
        e.Submitted(**c),
        e.CardChecked(**s),
        e.LivenessChecked(**s),
        e.PhotoChecked(**s, photo="ph"),
        e.SignatureGiven(**c, signature="si"),
        e.IdentityChecked(**s),
        e.DocumentsHandedIn(**c, documents=("diploma", "residence")),
        e.ReviewDecided(**staff, outcome=e.ReviewOutcome.PASS),
        e.FeeAsked(**s, order="o1", fen=ROUND.fee_fen(data.level)),
        payment(at, fen=ROUND.fee_fen(data.level)),
        e.TicketGiven(**s, ticket="420111000001"),
        e.Seated(**staff, seats=(e.SeatGiven("00015-am", "wh-hs-01", "01", "01"),)),
    ]


def walked(count: int, data: PersonalData = DATA) -> Application:
    """The application after the first `count` events of the road."""
    first, *rest = road(data)[:count]
    assert isinstance(first, e.Started)
    state, _ = start("a1", ROUND, first)
    for event in rest:
        state, _ = step(state, event)
    return state


def after(state: Application, *events: Event) -> Application:
    for event in events:
        state, _ = step(state, event)
    return state


def later(event: Event, at: datetime) -> Event:
    return replace(event, at=at)
