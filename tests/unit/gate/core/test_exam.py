"""Windows to the millisecond, over midnight, offsets and summer time; the sitting of the moment."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.exam import Extension, Paper, current_papers, entry_window
from tests.unit.gate.core.world import AFTERNOON, CN, EXAM, MORNING, TOMORROW, at, paper

MILLI = timedelta(milliseconds=1)
minutes = st.integers(-120, 240)
starts = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).flatmap(
    lambda d: st.integers(-14 * 60, 14 * 60).map(
        lambda m: d.replace(tzinfo=timezone(timedelta(minutes=m)))
    )
)


def extension(closes: float, room: str | None = None, of: str = "am") -> Extension:
    return Extension(of, room, closes, "主考", "交通管制")


@given(starts, st.integers(0, 180), minutes)
def test_opens_is_open_closes_is_closed(start: datetime, opens: int, closes: int) -> None:
    one = paper(
        "x", start, start + timedelta(hours=2), opens_before_min=opens, closes_after_min=closes
    )
    window = entry_window(one, "01")
    first, end = start - timedelta(minutes=opens), start + timedelta(minutes=closes)
    assert not window.holds(first - MILLI)
    assert not window.holds(end)
    if first < end:
        assert window.holds(first)
        assert window.holds(end - MILLI)
    else:
        assert not window.holds(first)


@given(starts, minutes, st.integers(-14, 14))
def test_a_window_is_the_same_in_every_offset(start: datetime, off: int, hours: int) -> None:
    window = entry_window(paper("x", start, start + timedelta(hours=2)), "01")
    moment = start + timedelta(minutes=off)
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert window.holds(moment) == window.holds(elsewhere) == (-30 <= off < 15)


def test_a_window_over_midnight() -> None:
    late = paper("late", at("00:10", 11), at("02:00", 11))
    window = entry_window(late, "01")
    assert not window.holds(at("23:39:59", 10, 999))
    assert window.holds(at("23:40", 10))
    assert window.holds(at("00:24:59", 11, 999))
    assert not window.holds(at("00:25", 11))


@pytest.mark.parametrize(
    ("start", "opens"),
    [
        # 02:00 -> 03:00 on that night in Berlin: 03:10 is ten minutes after 01:59.
        (datetime(2027, 3, 28, 3, 10), datetime(2027, 3, 28, 0, 40, tzinfo=UTC)),
        # 03:00 -> 02:00: 03:10 is seventy minutes after the first 03:00 less a moment.
        (datetime(2027, 10, 31, 3, 10), datetime(2027, 10, 31, 1, 40, tzinfo=UTC)),
    ],
)
def test_minutes_are_real_minutes_when_the_wall_changes(start: datetime, opens: datetime) -> None:
    start = start.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    window = entry_window(paper("x", start, start + timedelta(hours=2)), "01")
    assert window.opens == opens
    assert window.closes - window.opens == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("granted", "room", "closes"),
    [
        ([], "03", 15),
        ([extension(25, "03")], "03", 25),
        ([extension(25, "03")], "04", 15),
        ([extension(25)], "04", 25),
        ([extension(25, of="pm")], "03", 15),
        ([extension(5, "03")], "03", 15),
        ([extension(25), extension(40, "03"), extension(30)], "03", 40),
        ([extension(25), extension(40, "03"), extension(30)], "04", 30),
    ],
)
def test_extensions(granted: list[Extension], room: str, closes: float) -> None:
    window = entry_window(MORNING, room, granted)
    assert window.closes == MORNING.start + timedelta(minutes=closes)
    assert window.closes_after_min == closes
    assert window.opens == at("08:30")


def test_a_negative_close_can_be_extended_to_a_later_one_before_the_start() -> None:
    listening = paper("am", at("09:00"), at("10:00"), closes_after_min=-15)
    assert entry_window(listening, "03").closes == at("08:45")
    assert entry_window(listening, "03", [extension(-5)]).closes == at("08:55")


OVERLAP = paper("overlap", at("11:00"), at("12:00"))
ADJACENT = paper("adjacent", at("11:30"), at("13:00"))


@pytest.mark.parametrize(
    ("papers", "moment", "names"),
    [
        (EXAM.papers, at("05:00"), ["am"]),
        (EXAM.papers, at("11:29:59", milli=999), ["am"]),
        (EXAM.papers, at("11:30"), ["pm"]),
        (EXAM.papers, at("17:00"), ["next"]),
        (EXAM.papers, at("11:30", 11), []),
        ((), at("09:00"), []),
        ((ADJACENT, MORNING), at("10:00"), ["am"]),
        ((ADJACENT, MORNING), at("11:30"), ["adjacent"]),
        ((OVERLAP, MORNING), at("08:00"), ["am", "overlap"]),
        ((OVERLAP, MORNING), at("11:45"), ["overlap"]),
        ((TOMORROW, AFTERNOON, MORNING), at("12:00"), ["pm"]),
    ],
)
def test_current_papers(papers: tuple[Paper, ...], moment: datetime, names: list[str]) -> None:
    assert [p.id for p in current_papers(papers, moment)] == names


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 300)), max_size=6),
    st.integers(-100, 3500),
)
def test_current_papers_are_unfinished_and_the_first_is_the_earliest(
    spans: list[tuple[int, int]], now: int
) -> None:
    zero = datetime(2027, 4, 10, tzinfo=CN)
    papers = [
        paper(str(i), zero + timedelta(minutes=s), zero + timedelta(minutes=s + n))
        for i, (s, n) in enumerate(spans)
    ]
    moment = zero + timedelta(minutes=now)
    left = [p for p in papers if moment < p.end]
    current = current_papers(papers, moment)
    assert bool(current) == bool(left)
    assert set(current) <= set(left)
    if current:
        assert current[0].start == min(p.start for p in left)
        assert {p.id for p in left if p.start <= moment} <= {p.id for p in current}


def test_names_of_sites() -> None:
    assert EXAM.site_name("wh-hs-02") == "第二考点"
    assert EXAM.site_name("elsewhere") == "elsewhere"
