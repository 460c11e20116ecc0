"""What one lane knows, and the few moves that all its transitions share."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from gate.core.closed_path import FailedVisits
from gate.core.effects import Effect, OpenBarrier, Show, StartTimer
from gate.core.entry_rules import Presented, Ruling
from gate.core.events import (
    CardPresented,
    CorrectionGiven,
    FaceJudged,
    Fault,
    Instant,
    ScanPresented,
    VerdictGiven,
)
from gate.core.exam import Exam
from gate.core.gate_rooms import Reassignment, rooms_now
from gate.core.reasons import CLOSED_PATH, IDLE, LONGER, MEANING, Advice, Reason, text
from gate.core.records import DecisionBody, JournalEvent
from gate.core.settled_case import Settled
from gate.core.signatures import Signature
from gate.errors import IllegalEvent


class Phase(StrEnum):
    """What the lane is doing."""

    IDLE = "idle"
    ASKING = "asking"
    LOOKING_UP = "looking-up"
    MATCHING = "matching"
    RECORDING = "recording"
    SHOWING = "showing"
    OUT_OF_SERVICE = "out-of-service"


BUSY = frozenset({Phase.LOOKING_UP, Phase.MATCHING, Phase.RECORDING})
STOPS_ALL = frozenset({Fault.JOURNAL, Fault.ROSTER})
"""With one of these not even a typed candidate can be decided."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A REFER that staff have not settled: the open case of its candidate and paper.

    `facts`: what its verdict must name. `earlier`: older REFERs of the same candidate and paper,
    which this one replaced. `admitted`: an ADMIT of theirs came after it. `recorded`: when, None
    where an old journal does not say. `this_run`: the same by the monotonic clock of this process.
    `signatures`: those for one verdict, the first one first. Those of an earlier REFER do not count
    for a newer one, because nobody has compared who stands there now.
    """

    decision: str
    reason: Reason
    facts: JournalEvent
    acknowledged: bool = False
    earlier: tuple[str, ...] = ()
    admitted: bool = False
    recorded: Instant | None = None
    this_run: bool = False
    signatures: tuple[Signature, ...] = ()

    @property
    def at_exit(self) -> bool:
        """Whether it is of an exit reader: an ADMIT ends a stay then."""
        return bool(self.facts.get("at_exit"))

    @property
    def advice(self) -> dict[str, str]:
        """What fills the sentence again. The advice was for the candidate at that moment; what is
        left is to look up again."""
        if self.facts.get("closed_path"):
            return {CLOSED_PATH: "yes"}
        if self.reason is Reason.TOO_EARLY_TO_LEAVE:
            return {"time": _wall_time(self.facts.get("leave_from", ""))}
        return {"advice": Advice.LOOK_STRAIGHT} if self.reason is Reason.FACE_POOR else {}


def _wall_time(moment: str) -> str:
    """HH:MM of an RFC 3339 time; empty where it is none."""
    try:
        return f"{datetime.fromisoformat(moment):%H:%M}"
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at the gate, from the card to the decision. `excused_attempt`: the one without an
    action, because staff have excused the candidate from it; 0 for none. `declined_by`: who says
    that the candidate declines the face check. `declined`: it is, by that or by a flag."""

    shown: Presented
    ruling: Ruling = field(default_factory=lambda: Ruling(Reason.OK))
    ticket: str | None = None
    key: str | None = None
    attempt: int = 0
    gravest: FaceJudged | None = None
    excused_attempt: int = 0
    body: DecisionBody | None = None
    declined_by: str | None = None
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature that is being recorded. `settles`: what follows from it, None where it is the
    first of two. `corrects`: it is under a correction."""

    case: str
    signature: Signature
    facts: JournalEvent
    settles: VerdictGiven | CorrectionGiven | None
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class CardLeftLying:
    """The card on the reader, which was found at `found`.

    `reason`, `decision`: the outcome of its visit and its id, None where it was not decided.
    `opens`: when its own paper may be entered, where that is to come. `renewed`: another roster
    came since. `looks`: how often it was sought again. `is_looked_for`: it is being sought now.
    `declined_by`: who says that its owner declines the face check.
    """

    found: Instant
    reason: Reason | None = None
    decision: str | None = None
    opens: datetime | None = None
    renewed: bool = False
    looks: int = 0
    is_looked_for: bool = False
    declined_by: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that the gate knows.

    `entered`: (paper id, candidate key) to the time of the last ADMIT, as the journal has it. It
    is empty for who has left and never entered by it. `left`: of those who have left, when.
    `gates`: of those whom another gate of the site let in, which. `elsewhere`: more gates that let
    in the same person, each with the time. `doubles`: (paper id, key, other gate) of who entered
    twice. `doubtful`: whom staff admitted with a doubt, by which verdict.
    `unit_rooms`: as gate.toml has them. `reassigned`: what staff said of them since.
    `unsettled` is in the order of the decisions. `waiting`: presented while somebody else was
    served. `notice`: a scanned notice for which a card is asked. `card_left_lying`: the card on the
    reader. `excused`: candidate key, and when staff excused its owner from the action, monotonic in
    ns. `has_staff`: the roster names who may sign. `verdict`, `signing`, `correction`: what is
    being recorded for staff, one of them at most. `failed`: candidate key to the last visits that
    a face ended. `wheelchairs`: keys of candidates who were here in a wheelchair since the start;
    no record says so. `papers_shown`: (paper id, candidate key) of whom staff have seen notice
    and health report.
    """

    exam: Exam | None = None
    phase: Phase = Phase.OUT_OF_SERVICE
    visit: Visit | None = None
    waiting: CardPresented | ScanPresented | None = None
    notice: Visit | None = None
    unreadable: int = 0
    entered: Mapping[tuple[str, str], str] = field(default_factory=dict)
    left: Mapping[tuple[str, str], str] = field(default_factory=dict)
    gates: Mapping[tuple[str, str], str] = field(default_factory=dict)
    elsewhere: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    doubles: frozenset[tuple[str, str, str]] = frozenset()
    doubtful: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unit_rooms: tuple[str, ...] = ()
    reassigned: Reassignment | None = None
    unsettled: tuple[Unsettled, ...] = ()
    verdict: VerdictGiven | None = None
    faults: frozenset[Fault] = frozenset({Fault.ROSTER})
    token: int = 0
    card_left_lying: CardLeftLying | None = None
    excused: tuple[str, int] | None = None
    papers_shown: frozenset[tuple[str, str]] = frozenset()
    has_staff: bool = False
    signing: Signing | None = None
    correction: CorrectionGiven | None = None
    settled: Settled = field(default_factory=dict)
    failed: Mapping[str, FailedVisits] = field(default_factory=dict)
    wheelchairs: frozenset[str] = frozenset()

    @property
    def is_staff_record_due(self) -> bool:
        """Whether the journal's answer to what staff asked for is still to come."""
        return (self.verdict, self.signing, self.correction) != (None, None, None)

    @property
    def inside(self) -> Set[tuple[str, str]]:
        """(paper id, candidate key) of everybody who has entered and not left."""
        return self.entered.keys() - self.left.keys() if self.left else self.entered.keys()

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that this gate serves; empty: every room of the site."""
        return rooms_now(self.unit_rooms, self.reassigned, self.exam.id if self.exam else None)


Step = tuple[State, tuple[Effect, ...]]


def visit_of(state: State) -> Visit:
    """The visit under way; its absence is our own mistake."""
    if state.visit is None:
        raise illegal(state, "no visit is under way")
    return state.visit


def zone_of(state: State) -> tzinfo | None:
    """The exam's time zone; None before there is an exam."""
    return state.exam.zone if state.exam else None


def illegal(state: State, why: str) -> IllegalEvent:
    """Our own mistake in this phase; `step` adds the event."""
    return IllegalEvent(f"In phase {state.phase}: {why}.", phase=state.phase)


def with_timer(state: State, seconds: float) -> tuple[State, StartTimer]:
    """A new token makes every earlier timer void."""
    token = state.token + 1
    return replace(state, token=token), StartTimer(seconds, token)


def show(reason: Reason, facts: dict[str, str]) -> Show:
    """The lamps, the buzzer and the sentence of a reason."""
    zh, en = text(reason, facts)
    return Show(MEANING[reason].pattern, reason, zh, en, facts)


def let_in(
    state: State, key: str | None, reason: Reason, facts: dict[str, str]
) -> tuple[Effect, ...]:
    """Lamps, sentence and barrier for the candidate `key`, None where nobody is known."""
    longer = key is not None and key in state.wheelchairs
    said = facts | {LONGER: "yes"} if longer else facts
    return show(reason, said), OpenBarrier(longer)


def at_rest(state: State) -> Step:
    """Nobody is there: out of service, an unacknowledged REFER, or dark. A card that waits is not
    kept through an outage: whose it was has gone to the staffed lane."""
    if state.faults:
        out = replace(state, phase=Phase.OUT_OF_SERVICE, waiting=None, unreadable=0, notice=None)
        return out, (show(Reason.OUT_OF_SERVICE, {}),)
    idle = replace(state, phase=Phase.IDLE)
    open_refer = next((u for u in reversed(state.unsettled) if not u.acknowledged), None)
    if open_refer is None:
        return idle, (Show(IDLE),)
    return idle, (show(open_refer.reason, open_refer.advice),)


def find_unsettled(state: State, decision: str) -> Unsettled | None:
    """The unsettled REFER with this id."""
    return next((u for u in state.unsettled if u.decision == decision), None)
