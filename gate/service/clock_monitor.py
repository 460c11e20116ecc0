"""Watches the unit's clock, and hears who else tells the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gate.core.clock_trust import BoardClock, behind, distrust, warnings
from gate.core.confirmed_time import (
    ClockRecord,
    TimeSource,
    Word,
    agreeing,
    board_word,
    heard,
    observed,
    wanting,
)
from gate.core.events import Instant
from gate.core.records import JournalEvent
from gate.ports import Clock, ClockStatus

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BOARD_NS = 3_600_000_000_000
"""Between two looks at the board's clock."""
CLOCK_STEP_S = 2.0
"""A jump of the wall against the monotonic clock that is worth an entry in the journal."""


@dataclass(slots=True)
class ClockMonitor:
    """Watches the clock.

    `rtc`: what the board's clock shows, None where there is none. `office_time`: the latest time in
    a message that the office signed and this process received. `board`: how the board's clock is.
    `look` is called about once a second.
    """

    clock: Clock
    rtc: Callable[[], datetime | None]
    office_time: Callable[[], datetime | None]
    board: Callable[[], BoardClock] = lambda: BoardClock.NONE
    record: ClockRecord = field(default_factory=ClockRecord)
    _office: datetime | None = None
    _board: BoardClock = BoardClock.NONE
    _board_ns: int | None = None
    _changed_ns: int = 0
    _newest: datetime | None = None

    def look(self) -> dict[str, object] | None:
        """The body of a `clock` entry where the clock has stepped, or is trusted no more or
        again."""
        now, before = self.clock.now(), self.record.last
        if before is None:
            word = None if now.trusted else board_word(now, self.rtc())
            if word is not None:
                self.hear(word)
        self._hear_office(now)
        if self._board_ns is None or now.mono_ns - self._board_ns >= BOARD_NS:
            self._board, self._board_ns = self.board(), now.mono_ns
        if before is None or now.trusted != before.trusted:
            self._changed_ns = now.mono_ns
        self.record = observed(self.record, now)
        if before is None:
            return None
        step_s = (_offset(now) - _offset(before)).total_seconds()
        if now.trusted == before.trusted and abs(step_s) <= CLOCK_STEP_S:
            return None
        reason = distrust(now)
        told: dict[str, object] = {"step_s": round(step_s, 3), "trusted": now.trusted}
        return told if reason is None else told | {"why": reason.value}

    def hear(self, word: Word) -> None:
        """A second source has spoken."""
        self.record = heard(self.record, word)

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """Operators' confirmations from the journal: they count on after a restart of the program,
        as long as the monotonic clock is the same one."""
        for event in page:
            if event["clock"] == "trusted":
                at = datetime.fromisoformat(event["at"])
                self._newest = at if self._newest is None else max(self._newest, at)
            if event["kind"] == CONFIRMED and event["boot"] == self.clock.boot:
                at, mono_ns = datetime.fromisoformat(event["at"]), event["mono_ms"] * 1_000_000
                self.hear(Word(TimeSource.OPERATOR, at, mono_ns))

    @property
    def status(self) -> ClockStatus:
        """What is said of the wall clock is why, and what contradicts it; see `ClockStatus`."""
        last = self.record.last
        reason = None if last is None else distrust(last)
        return {
            "why": None if reason is None else reason.value,
            "since_s": 0 if last is None else (last.mono_ns - self._changed_ns) // 1_000_000_000,
            "behind_s": int(self._behind_s),
            "board": self._board.value,
            "steady_s": int(self.record.steady_s),
            "confirmed_by": []
            if last is None
            else sorted(w.source.value for w in agreeing(self.record, last)),
            "wanting": [w.value for w in wanting(self.record)],
        }

    @property
    def warnings(self) -> list[str]:
        """What people must do about the clock."""
        last = self.record.last
        reason = None if last is None else distrust(last)
        return [f"{en} {zh}" for zh, en in warnings(reason, self._board, self._behind_s)]

    @property
    def _behind_s(self) -> float:
        """A person who has looked at another clock knows better than the journal."""
        last = self.record.last
        if last is None:
            return 0.0
        if any(w.source is TimeSource.OPERATOR for w in agreeing(self.record, last)):
            return 0.0
        return behind(last, self._newest).total_seconds()

    def _hear_office(self, now: Instant) -> None:
        at = self.office_time()
        if at is not None and at != self._office:
            self._office = at
            self.hear(Word(TimeSource.OFFICE, at, now.mono_ns))


CONFIRMED = "clock_confirmed"
"""Kind of the journal's entry about an operator's word: `date` and `by`."""


def _offset(now: Instant) -> timedelta:
    """Wall minus monotonic, from an arbitrary origin; constant while nobody steps the wall."""
    return now.at - _EPOCH - timedelta(microseconds=now.mono_ns // 1000)
