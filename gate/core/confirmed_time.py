"""What time it certainly is: asked before anything is destroyed for good.

One clock may jump, and a time source may be wrong for all who follow it. So two sources must agree.
The clock must have been trusted, without a step, for an hour. A second source must say the same.

Every source gives a lower bound: what was said at one moment, and the monotonic time that has
passed since. An old message that is replayed gives a lower bound of long ago. So does a clock on a
board that lost its power. Neither proves anything that is not true.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gate.core.events import Instant

STEADY_S = 3600.0
"""How long a clock is to be trusted and take no step. Monotonic, as all of these."""
STEP_S = 2.0
"""In seconds, wall time against monotonic time since the hour began, not since the last look. So a
clock that is moved on in small steps has stepped as well. A leap second is no step."""
GAP_S = 60.0
"""Who has not looked for so long does not know."""
WORD_S = 24 * 3600.0
"""How long a word of a second source counts after it was heard."""
AGREES = timedelta(hours=24)
"""How far clock and second source may be apart: the date is asked for. Of the two the earlier
counts."""
FRESH_BOOT_S = 900.0
"""A clock that is not trusted so soon after the boot has not been set yet. Later the kernel may
have written its own time to the board's clock, which then only repeats it."""

_NS = 1_000_000_000


class TimeSource(StrEnum):
    """OFFICE: a receipt that it signed; RTC: the board's clock, as found at the boot; OPERATOR: a
    person who looked at another clock."""

    OFFICE = "office"
    RTC = "rtc"
    OPERATOR = "operator"


class Wanting(StrEnum):
    """What is still missing, in the order in which it comes."""

    TRUSTED = "trusted"
    STEADY = "steady"
    CONFIRMED = "confirmed"


WANTING_TEXT: dict[Wanting, tuple[str, str]] = {
    Wanting.TRUSTED: (
        "时钟未校准，请接入时间源",
        "the clock is not trusted: give it a time source",
    ),
    Wanting.STEADY: (
        "时钟校准且未跳变尚不足一小时",
        "the clock has not been trusted without a step for an hour",
    ),
    Wanting.CONFIRMED: (
        "日期未经第二来源确认：请连接考试中心，或运行 exam-gate clock confirm",
        "no second source confirms that the date has come: connect the office, or say "
        "exam-gate clock confirm",
    ),
}
"""What to do about it: (Chinese, English)."""


@dataclass(frozen=True, slots=True)
class Word:
    """`source` said that it was `at`, or later, when the monotonic clock showed `mono_ns`."""

    source: TimeSource
    at: datetime
    mono_ns: int

    def earliest_at(self, mono_ns: int) -> datetime:
        """The earliest time that it can be by this word."""
        return self.at + timedelta(microseconds=max(0, mono_ns - self.mono_ns) // 1000)


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """What is known of one boot's clock. `since`: from when on it has been trusted without a step;
    `last`: the last look at it; `words`: one of each source."""

    since: Instant | None = None
    last: Instant | None = None
    words: tuple[Word, ...] = ()

    @property
    def steady_s(self) -> float:
        """How long it has been trusted without a step."""
        if self.since is None or self.last is None:
            return 0.0
        return (self.last.mono_ns - self.since.mono_ns) / _NS


def observed(record: ClockRecord, now: Instant) -> ClockRecord:
    """After a look at the clock."""
    since, last = record.since, record.last
    unbroken = (
        since is not None
        and last is not None
        and 0 <= now.mono_ns - last.mono_ns <= GAP_S * _NS
        and abs(_step(since, now)) <= timedelta(seconds=STEP_S)
    )
    if not now.trusted:
        since = None
    elif not unbroken:
        since = now
    return replace(record, since=since, last=now)


def heard(record: ClockRecord, word: Word) -> ClockRecord:
    """A source has spoken. What the office or the board said counts as long as it says the latest
    time; of an operator the last word."""
    before = next((w for w in record.words if w.source is word.source), None)
    if (
        before is not None
        and word.source is not TimeSource.OPERATOR
        and before.earliest_at(word.mono_ns) > word.at
        and word.mono_ns - before.mono_ns <= WORD_S * _NS
    ):
        return record
    others = tuple(w for w in record.words if w.source is not word.source)
    return replace(record, words=(*others, word))


def board_word(now: Instant, rtc: datetime | None) -> Word | None:
    """What the board's clock says at the first look, where it can still say something of its
    own."""
    if rtc is None or now.trusted or now.mono_ns > FRESH_BOOT_S * _NS:
        return None
    return Word(TimeSource.RTC, rtc, now.mono_ns)


def agreeing(record: ClockRecord, now: Instant) -> tuple[Word, ...]:
    """The words that still count and confirm the date of `now`."""
    return tuple(
        w
        for w in record.words
        if 0 <= now.mono_ns - w.mono_ns <= WORD_S * _NS
        and abs(w.earliest_at(now.mono_ns) - now.at) <= AGREES
    )


def wanting(record: ClockRecord, until: datetime | None = None) -> tuple[Wanting, ...]:
    """What is missing at the last look before the time is confirmed, and before it is confirmed
    that `until` is over; nothing where it is."""
    now = record.last
    if now is None or not now.trusted:
        return tuple(Wanting)
    steady = record.steady_s >= STEADY_S
    word = _latest(agreeing(record, now), now.mono_ns)
    confirmed = word is not None and (until is None or word >= until)
    missing = {Wanting.STEADY: not steady, Wanting.CONFIRMED: not confirmed}
    return tuple(w for w, is_missing in missing.items() if is_missing)


def confirmed_time(record: ClockRecord) -> datetime | None:
    """The time that it certainly is, by the last look; None where nothing confirms one."""
    now = record.last
    if now is None or wanting(record):
        return None
    word = _latest(agreeing(record, now), now.mono_ns)
    assert word is not None
    return min(now.at, word)


def _latest(words: Iterable[Word], mono_ns: int) -> datetime | None:
    return max((w.earliest_at(mono_ns) for w in words), default=None)


def _step(first: Instant, now: Instant) -> timedelta:
    return (now.at - first.at) - timedelta(microseconds=(now.mono_ns - first.mono_ns) // 1000)


def sentences(missing: Iterable[Wanting]) -> tuple[str, str]:
    """Why nothing is destroyed yet, (Chinese, English); empty where nothing is missing."""
    texts = [WANTING_TEXT[w] for w in missing]
    return "；".join(zh for zh, _ in texts), "; ".join(en for _, en in texts)
