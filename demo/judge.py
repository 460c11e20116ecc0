"""Compares what a row showed with what script.toml expects, and says each difference in words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.cast import Expected, Person, Row
from demo.sockets import Message
from demo.watch import Shown

HOLD_TOLERANCE_S = 0.3


@dataclass(slots=True)
class Seen:
    """What a row showed. `wrong`: each difference in words; empty: as expected. `board`: what the
    office's board had to show, by page and place."""

    row: Row
    decision: Message | None = None
    verdict: Message | None = None
    shown: Shown | None = None
    then_shown: Shown | None = None
    asked: int = 0
    held_s: float | None = None
    unsent: bool = False
    stray: int = 0
    board: dict[str, str] = field(default_factory=dict)
    took_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        return not self.wrong


def judge(seen: Seen, person: Person, state: Path, units: Sequence[str]) -> None:
    """Fills `seen.wrong`. `state`: where sealed evidence must lie. `units`: the site's gates."""
    expect = seen.row.expect
    _shows(seen, seen.shown, expect)
    if expect.outcome is None:
        _differs(seen, "decisions while out of service", seen.stray + bool(seen.decision), 0)
        return
    if seen.decision is None:
        _differs(seen, "decision", None, expect.outcome)
        return
    _decides(seen, seen.decision, expect)
    _names(seen, seen.decision, person)
    if seen.row.entered_at is not None:
        other = units[seen.row.entered_at - 1]
        _differs(seen, "entered at gate", seen.decision.get("entered_gate"), other)
        _differs(seen, "time of entering named", bool(seen.decision.get("entered")), True)
    _evidence(seen, seen.decision, expect, state)
    if expect.then:
        _settles(seen, seen.verdict or {}, expect.then)
    if seen.row.hold_s is not None and abs((seen.held_s or 0) - seen.row.hold_s) > HOLD_TOLERANCE_S:
        _differs(seen, "lamp held, s", seen.held_s, seen.row.hold_s)
    _differs(seen, "further decisions", seen.stray, 0)


def _differs(seen: Seen, what: str, really: object, expected: object) -> None:
    if really != expected:
        seen.wrong.append(f"{what}: {really}, expected {expected}")


def _shows(seen: Seen, shown: Shown | None, expect: Expected) -> None:
    if shown is None:
        _differs(seen, "lamps", None, expect.lamps)
        return
    _differs(seen, "lamps", shown.lamps, expect.lamps)
    _differs(seen, "buzzer", shown.buzzer, expect.buzzer)
    _differs(seen, "barrier opened", shown.barrier, expect.barrier)


def _decides(seen: Seen, decision: Message, expect: Expected) -> None:
    _differs(seen, "outcome", decision.get("outcome"), expect.outcome)
    _differs(seen, "reason", decision.get("reason"), expect.reason)
    later = _later_attempts(decision, expect)
    _differs(seen, "attempt", (decision.get("attempt") or 0) - later, expect.attempt or 0)
    _differs(seen, "asked again", seen.asked - later, expect.asked)
    _differs(seen, "face", face(decision), expect.face)
    _differs(seen, "clock", decision.get("clock"), expect.clock)
    _differs(seen, "source", decision.get("source"), seen.row.source)
    _differs(seen, "signals field", " ".join(decision.get("signals", [])), expect.lamps)
    if expect.unsent:
        _differs(seen, "event waits for the network", seen.unsent, True)


def _later_attempts(decision: Message, expect: Expected) -> int:
    """How many attempts more than expected, where that will do."""
    more = (decision.get("attempt") or 0) - (expect.attempt or 0)
    return max(0, more) if expect.or_later else 0


def face(decision: Message) -> str:
    """`same`, `other` or `none`, from scores, threshold and floor alone."""
    deciding = decision.get("normalised")
    deciding = decision.get("score") if deciding is None else deciding
    if deciding is None or decision.get("threshold") is None:
        return "none"
    floor = decision.get("floor")
    reached = floor is None or decision["score"] >= floor
    return "same" if deciding >= decision["threshold"] and reached else "other"


def _names(seen: Seen, decision: Message, person: Person) -> None:
    """The right ticket, and neither name nor ID number anywhere in the record."""
    known_here = person.ticket and seen.row.expect.reason not in ("WRONG_SITE", "NOT_ON_ROSTER")
    _differs(seen, "ticket", decision.get("ticket"), person.ticket if known_here else None)
    leaked = [v for v in (person.name, person.number) if v in str(decision)]
    _differs(seen, "name or ID number in the record", bool(leaked), False)


def _evidence(seen: Seen, decision: Message, expect: Expected, state: Path) -> None:
    kept = [p for p in state.rglob("*") if p.is_file() and "evidence" in str(p.relative_to(state))]
    sealed = [
        p
        for p in kept
        if hashlib.sha256(p.read_bytes()).hexdigest() in decision.values()
        and not p.read_bytes().startswith(b"\xff\xd8")
    ]
    _differs(seen, "sealed evidence", bool(sealed), expect.evidence)


def _settles(seen: Seen, verdict: Message, expect: Expected) -> None:
    _shows(seen, seen.then_shown, expect)
    _differs(seen, "verdict", verdict.get("outcome"), expect.outcome)
    _differs(seen, "verdict's reason", verdict.get("reason"), expect.reason)
