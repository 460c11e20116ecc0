"""What is asked of clocks before anything is destroyed.

No clock that jumps, creeps or repeats what it was told is enough. What is confirmed is never later
than the truth.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.confirmed_time import (
    FRESH_BOOT_S,
    GAP_S,
    STEADY_S,
    WORD_S,
    ClockRecord,
    TimeSource,
    Wanting,
    Word,
    agreeing,
    board_word,
    confirmed_time,
    heard,
    observed,
    sentences,
    wanting,
)
from gate.core.events import Instant
from tests.examples import examples

START = datetime(2027, 5, 12, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
S = 1_000_000_000
OFFICE, RTC, OPERATOR = TimeSource


def look(at: datetime, mono_s: float, *, trusted: bool = True) -> Instant:
    return Instant(at, int(mono_s * S), trusted)


def watched(
    seconds: float, record: ClockRecord | None = None, begins: datetime = START, mono_s: float = 0.0
) -> ClockRecord:
    """After so many seconds of a clock that is right, looked at every half minute."""
    record = record or ClockRecord()
    passed = 0.0
    while passed <= seconds:
        record = observed(record, look(begins + timedelta(seconds=passed), mono_s + passed))
        passed += 30.0
    return record


def word(source: TimeSource = OFFICE, at: datetime = START, mono_s: float = 0.0) -> Word:
    return Word(source, at, int(mono_s * S))


def steady(*words: Word) -> ClockRecord:
    """An hour of a trusted clock without a step, and what was heard at its beginning."""
    return replace(watched(STEADY_S), words=words)


@pytest.mark.parametrize("source", TimeSource)
def test_an_hour_and_a_second_source_confirm_the_time(source: TimeSource) -> None:
    record = steady(word(source))
    assert wanting(record) == ()
    assert confirmed_time(record) == START + HOUR
    assert wanting(record, until=START + HOUR) == ()
    assert wanting(record, until=START + HOUR + timedelta(seconds=1)) == (Wanting.CONFIRMED,)


def test_each_of_them_alone_does_not() -> None:
    assert wanting(steady()) == (Wanting.CONFIRMED,)
    short = heard(watched(STEADY_S - 30), word())
    assert wanting(short) == (Wanting.STEADY,)
    assert wanting(ClockRecord()) == tuple(Wanting)
    assert confirmed_time(short) is confirmed_time(steady()) is None


def after(record: ClockRecord, at: datetime, mono_s: float, *, trusted: bool = True) -> float:
    return observed(record, look(at, mono_s, trusted=trusted)).steady_s


def test_what_begins_the_hour_anew() -> None:
    record, mono_s = steady(word()), STEADY_S + 30
    on_time = START + timedelta(seconds=mono_s)
    assert after(record, on_time, mono_s) == mono_s
    assert after(record, on_time + timedelta(seconds=1), mono_s) == mono_s  # a leap second
    for step in (timedelta(seconds=3), -timedelta(seconds=3), 365 * DAY, -365 * DAY):
        assert after(record, on_time + step, mono_s) == 0
    assert after(record, on_time, mono_s, trusted=False) == 0
    assert after(record, START + timedelta(seconds=STEADY_S + GAP_S + 1), STEADY_S + GAP_S + 1) == 0
    assert after(record, on_time, 5.0) == 0  # another boot


def test_a_clock_that_is_pushed_by_little_and_little_has_stepped() -> None:
    record = ClockRecord()
    for n in range(200):  # 0.1 s ahead at each look: no two looks are 2 s apart
        record = observed(record, look(START + timedelta(seconds=30.1 * n), 30.0 * n))
    assert record.steady_s < 700


def test_a_jump_and_back_between_two_looks_of_an_hour_begins_it_anew() -> None:
    record = steady(word())
    gone = observed(record, look(START + 40 * DAY, STEADY_S + 1))
    back = observed(gone, look(START + timedelta(seconds=STEADY_S + 2), STEADY_S + 2))
    assert (back.steady_s, confirmed_time(back)) == (0, None)


def test_an_old_word_played_again_confirms_nothing() -> None:
    record = steady(word(OFFICE, START - 900 * DAY))
    assert wanting(record) == (Wanting.CONFIRMED,)


def test_an_old_word_does_not_push_away_a_newer_one() -> None:
    record = heard(heard(ClockRecord(), word()), word(OFFICE, START - 900 * DAY, 10))
    assert record.words == (word(),)
    forgotten = heard(record, word(OFFICE, START, WORD_S + 1))
    assert forgotten.words == (word(OFFICE, START, WORD_S + 1),)


def test_a_word_counts_for_a_day_after_it_was_heard() -> None:
    record = heard(ClockRecord(), word())
    for late, counts in ((WORD_S, True), (WORD_S + 1, False)):
        now = look(START + timedelta(seconds=late), late)
        assert bool(agreeing(record, now)) is counts


def test_an_operators_word_is_for_its_own_date() -> None:
    """Confirmed on the 12th; then the clock jumps a month on and stays there, trusted."""
    record = heard(watched(STEADY_S), word(OPERATOR, START + HOUR, STEADY_S))
    later = watched(STEADY_S, record, START + 30 * DAY, STEADY_S + 30)
    assert later.steady_s >= STEADY_S
    assert wanting(later) == (Wanting.CONFIRMED,)
    corrected = heard(later, word(OPERATOR, START + HOUR, 2 * STEADY_S))
    assert len(corrected.words) == 1  # the last word of an operator is the one that counts


@pytest.mark.parametrize(
    ("trusted", "mono_s", "rtc", "speaks"),
    [
        (False, 10.0, START, True),
        (True, 10.0, START, False),  # the kernel may have set it already
        (False, FRESH_BOOT_S + 1, START, False),
        (False, 10.0, None, False),
    ],
)
def test_when_the_boards_clock_speaks_for_itself(
    trusted: bool, mono_s: float, rtc: datetime | None, speaks: bool
) -> None:
    said = board_word(look(START, mono_s, trusted=trusted), rtc)
    assert (said is not None) is speaks


def test_a_boards_clock_that_lost_its_power_confirms_nothing() -> None:
    assert wanting(steady(word(RTC, datetime(2000, 1, 1, tzinfo=UTC)))) == (Wanting.CONFIRMED,)


def test_what_is_missing_is_said_in_words() -> None:
    zh, en = sentences(tuple(Wanting))
    assert "clock confirm" in en
    assert "clock confirm" in zh
    assert sentences(()) == ("", "")


# -- whatever one of the two does ------------------------------------------------------------------

shifts = st.timedeltas(-400 * DAY, 400 * DAY)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 300)),
        st.tuples(st.just("jump"), shifts),
        st.tuples(st.just("creep"), st.integers(-1500, 1500)),
        st.tuples(st.just("trust"), st.booleans()),
        st.tuples(st.just("old word"), st.timedeltas(timedelta(), 900 * DAY)),
        st.tuples(st.just("fresh word"), st.sampled_from([OFFICE, OPERATOR])),
        st.tuples(st.just("right"), st.none()),
    ),
    max_size=40,
)


@given(acts)
@examples(400)
def test_whatever_the_clock_does_nothing_later_than_the_truth_is_confirmed(
    acts: list[tuple[str, object]],
) -> None:
    """The clock is anybody's; second sources say the truth, or repeat an old truth."""
    record, mono_s, wrong, trusted = ClockRecord(), 0.0, timedelta(), True
    for act, how in acts:
        if act == "jump":
            wrong += how
        elif act == "right":
            wrong = timedelta()
        elif act == "trust":
            trusted = bool(how)
        elif act == "old word":
            record = heard(record, word(OFFICE, true_time(mono_s) - how, mono_s))
        elif act == "fresh word":
            record = heard(record, word(how, true_time(mono_s), mono_s))
        for _ in range(how if act == "pass" else 1):
            mono_s += 30.0
            if act == "creep":
                wrong += timedelta(milliseconds=how)
            record = observed(record, look(true_time(mono_s) + wrong, mono_s, trusted=trusted))
            certain = confirmed_time(record)
            assert certain is None or certain <= true_time(mono_s)


def true_time(mono_s: float) -> datetime:
    return START + timedelta(seconds=mono_s)


@given(acts)
@examples(100)
def test_when_all_is_well_again_it_is_confirmed_after_an_hour(
    acts: list[tuple[str, object]],
) -> None:
    record, mono_s = ClockRecord(), 0.0
    for act, how in acts:
        mono_s += 30.0
        at = true_time(mono_s) + (how if act == "jump" else timedelta())
        record = observed(record, look(at, mono_s, trusted=act != "trust"))
    record = heard(record, word(OFFICE, true_time(mono_s), mono_s))
    record = watched(STEADY_S + 30, record, true_time(mono_s + 30), mono_s + 30)
    assert confirmed_time(record) == record.last.at
