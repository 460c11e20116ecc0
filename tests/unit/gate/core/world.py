"""A small exam, its people, and the hands that answer what `step` asks for."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import count
from typing import Any

from gate.core.admission import step
from gate.core.card import DocumentKind, IdCard
from gate.core.effects import (
    Effect,
    JournalNote,
    OpenBarrier,
    Record,
    RecordBeside,
    Show,
    StartTimer,
)
from gate.core.entry_rules import Presented
from gate.core.events import (
    Acknowledged,
    CandidateFound,
    CardPresented,
    CardUnreadable,
    DecisionRecorded,
    ExitRead,
    FaceJudged,
    Fault,
    FaultRaised,
    Instant,
    RecordedBeside,
    RosterOpened,
    ScanPresented,
    Source,
    StaffTyped,
    TimeElapsed,
    VerdictGiven,
)
from gate.core.exam import Candidate, Exam, Paper, Seat, Site
from gate.core.liveness import Liveness, LivenessVerdict
from gate.core.reasons import Reason
from gate.core.state import Phase, State

CN = timezone(timedelta(hours=8))


def at(clock: str, day: int = 10, milli: int = 0) -> datetime:
    hour, minute, second = (int(part) for part in f"{clock}:00".split(":")[:3])
    return datetime(2027, 4, day, hour, minute, second, milli * 1000, tzinfo=CN)


WITHIN = at("08:45")
"""Well inside the window of the morning paper."""


def paper(name: str, start: datetime, end: datetime, **rules: Any) -> Paper:
    return Paper(name, f"subject of {name}", start, end, **rules)


MORNING = paper("am", at("09:00"), at("11:30"))
AFTERNOON = paper("pm", at("14:30"), at("17:00"))
TOMORROW = paper("next", at("09:00", 11), at("11:30", 11))
SITES = (Site("wh-hs-01", "第一考点"), Site("wh-hs-02", "第二考点"))


def exam_of(*papers: Paper, **rules: Any) -> Exam:
    return Exam("hb-2027", "考试", "Asia/Shanghai", 30, SITES, papers, **rules)


EXAM = exam_of(MORNING, AFTERNOON, TOMORROW)


def candidate(*papers: str, key: str = "ab12", has_reference: bool = True) -> Candidate:
    seats = tuple(Seat(p, "03", "07") for p in papers)
    return Candidate("270410000017", "张三丰", key, seats, has_reference)


ANNA = candidate("am")
NUMBER = "420106199001011234"
CARD = IdCard(DocumentKind.RESIDENT, NUMBER, "张三丰", date(2020, 1, 1), date(2040, 1, 1))


def instant(when: datetime = WITHIN, *, trusted: bool = True) -> Instant:
    return Instant(when, 5_000_000_000, trusted)


def shown(when: datetime, *, trusted: bool = True, **what: Any) -> Presented:
    usual = Presented(
        Source.CARD,
        DocumentKind.RESIDENT,
        date(2020, 1, 1),
        date(2040, 1, 1),
        instant(when, trusted=trusted),
        0,
    )
    return replace(usual, **what)


def laid(when: datetime = WITHIN, *, trusted: bool = True, card: IdCard = CARD) -> Any:
    return CardPresented(card, instant(when, trusted=trusted), 5_900_000_000)


def unread(when: datetime = WITHIN) -> CardUnreadable:
    return CardUnreadable(instant(when), "lay-again")


def typed() -> StaffTyped:
    valid_to = date(2027, 5, 1)
    return StaffTyped("seat", "03-07", DocumentKind.TEMPORARY, valid_to, "Li", instant())


def scanned(
    document: DocumentKind = DocumentKind.NOTICE, value: str = "270410000017", **when: Any
) -> ScanPresented:
    """A notice's ticket number, or the number of an identity document."""
    handle = "ticket" if document is DocumentKind.NOTICE else "number"
    return ScanPresented("door", handle, value, document, date(2030, 1, 1), instant(**when))


def verdict(
    decision: str, *, admit: bool = True, second: str | None = None, when: Instant | None = None
) -> VerdictGiven:
    return VerdictGiven(decision, admit, "Wang", second, "seen", when or instant())


def leaving(who: Any, when: Any = None, *, trusted: bool = True) -> ExitRead:
    return ExitRead(
        "south",
        Source.CARD,
        DocumentKind.RESIDENT,
        who,
        instant(when or at("11:10"), trusted=trusted),
    )


LIVING = Liveness(LivenessVerdict.LIVE, {"network": 0.9})
GOOD = FaceJudged(Reason.OK, 0.71, 5.2, "s-norm", 4.1, 3, LIVING, 0.8, fresh=2)


def face(reason: Reason) -> FaceJudged:
    return FaceJudged(reason, score=0.1, threshold=0.4, frames=2)


class Gate:
    """Feeds `step`, keeps every effect, and the journal that a service would have written."""

    def __init__(self, exam: Exam = EXAM, state: State | None = None) -> None:
        self.state = state or State()
        self.effects: tuple[Effect, ...] = ()
        self.journal: list[dict[str, Any]] = []
        self.asked: list[Record] = []
        """Not yet answered by the journal, in order."""
        self.now = instant()
        """When the journal writes."""
        self._ids = count(1)
        if state is None:
            self.feed(RosterOpened(exam, "v1"))

    def feed(self, event: Any) -> tuple[Effect, ...]:
        """One step. Notes go to the journal at once, as the service does it."""
        self.state, self.effects = step(self.state, event)
        self.asked += self.of(Record)
        for note in self.of(JournalNote):
            self._write(note.kind, note.body)
        return self.effects

    def commit(self) -> tuple[Effect, ...]:
        """The journal takes what it was asked to first."""
        record = self.asked.pop(0)
        return self.feed(DecisionRecorded(self._write(record.kind, record.body), self.now))

    def commit_beside(self) -> tuple[Effect, ...]:
        """The journal takes what was asked for beside a visit in the last step."""
        (asked,) = self.of(RecordBeside)
        self._write(asked.kind, dict(asked.body))
        return self.feed(RecordedBeside(self.journal[-1]))

    def leave(self, who: Any = None, when: Any = None, *, trusted: bool = True) -> "Gate":
        """A card at the exit, and what follows from it. `when`: a time; noon where it is None."""
        self.feed(leaving(who or CandidateFound(ANNA), when, trusted=trusted))
        if self.of(RecordBeside):
            self.commit_beside()
        return self

    def _write(self, kind: str, body: dict[str, Any]) -> str:
        decision = f"e-{next(self._ids)}"
        envelope = {
            "id": decision,
            "kind": kind,
            "at": self.now.at.isoformat(timespec="milliseconds"),
            "mono_ms": self.now.mono_ns // 1_000_000,
            "clock": "trusted" if self.now.trusted else "untrusted",
        }
        self.journal.append(envelope | body)
        return decision

    def of(self, kind: type) -> list[Any]:
        return [e for e in self.effects if isinstance(e, kind)]

    @property
    def lamps(self) -> list[str]:
        return [str(e.pattern) for e in self.of(Show)]

    @property
    def barrier(self) -> bool:
        return bool(self.of(OpenBarrier))

    def record(self) -> dict[str, Any]:
        (record,) = self.of(Record)
        return dict(record.body)

    def wait(self) -> tuple[Effect, ...]:
        """The newest timer runs out."""
        return self.feed(TimeElapsed(self.state.token))

    def to_matching(self, who: Candidate = ANNA) -> "Gate":
        self.feed(laid())
        self.feed(CandidateFound(who))
        return self

    def admit(self, who: Candidate = ANNA) -> "Gate":
        self.to_matching(who).feed(GOOD)
        self.commit()
        return self

    def refer(self, reason: Reason = Reason.FACE_MISMATCH, who: Candidate = ANNA) -> str:
        """A REFER on a face; its decision id."""
        self.to_matching(who)
        for _ in range(3):
            self.feed(face(reason))
        self.commit()
        return self.state.unsettled[-1].decision

    def timers(self) -> list[float]:
        return [t.seconds for t in self.of(StartTimer)]


BEN = candidate("am", key="ben")
DISK_FULL = FaultRaised(Fault.JOURNAL, "full")
NO_CAMERA = FaultRaised(Fault.CAMERA, "gone")


def press() -> Acknowledged:
    return Acknowledged("button", instant())


def out_of_service(gate: Gate) -> bool:
    return gate.state.phase is Phase.OUT_OF_SERVICE and gate.lamps == [
        "red:slow yellow:slow green:slow"
    ]
