"""Watches the unit's clock, and hears who else tells the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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

CLOCK_STEP_S = 2.0
"""A jump of the wall against the monotonic clock that is worth an entry in the journal."""


@dataclass(slots=True)
class ClockMonitor:
    """Watches the clock.

    `rtc`: what the board's clock shows, None where there is none. `office_time`: the latest time in
    a message that the office signed and this process received. `look` is called about once a
    second.
    """

    clock: Clock
    rtc: Callable[[], datetime | None]
    office_time: Callable[[], datetime | None]
    record: ClockRecord = field(default_factory=ClockRecord)
    _office: datetime | None = None

    def look(self) -> dict[str, object] | None:
        """The body of a `clock` entry where the clock has stepped, or is trusted no more or
        again."""
        now, before = self.clock.now(), self.record.last
        if before is None:
            word = None if now.trusted else board_word(now, self.rtc())
            if word is not None:
                self.hear(word)
        self._hear_office(now)
        self.record = observed(self.record, now)
        if before is None:
            return None
        step_s = (_offset(now) - _offset(before)).total_seconds()
        if now.trusted == before.trusted and abs(step_s) <= CLOCK_STEP_S:
            return None
        return {"step_s": round(step_s, 3), "trusted": now.trusted}

    def hear(self, word: Word) -> None:
        """A second source has spoken."""
        self.record = heard(self.record, word)

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """Operators' confirmations from the journal: they count on after a restart of the program,
        as long as the monotonic clock is the same one."""
        for event in page:
            if event["kind"] == CONFIRMED and event["boot"] == self.clock.boot:
                at, mono_ns = datetime.fromisoformat(event["at"]), event["mono_ms"] * 1_000_000
                self.hear(Word(TimeSource.OPERATOR, at, mono_ns))

    @property
    def status(self) -> ClockStatus:
        """Of monotonic time and words alone: nothing is derived from the wall clock."""
        last = self.record.last
        return {
            "steady_s": int(self.record.steady_s),
            "confirmed_by": []
            if last is None
            else sorted(w.source.value for w in agreeing(self.record, last)),
            "wanting": [w.value for w in wanting(self.record)],
        }

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
