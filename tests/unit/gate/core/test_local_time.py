"""Days and texts on the exam's wall, whatever offset anything is written with, in any zone.

So it is on the nights, too, on which summer time begins and ends.
"""

import functools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry_rules import rule
from gate.core.events import CandidateFound
from gate.core.exam import Exam, Paper
from gate.core.local_time import date_time_text, days_later, in_fixed_offset, local_day, time_text
from gate.core.reasons import Reason, text
from tests.unit.gate.core.world import ANNA, EXAM, candidate, exam_of, paper, shown

ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Santiago",
    "UTC",
)
"""With half hours, quarter hours, half an hour of summer time, and both ends of the day."""

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@functools.cache
def changes(name: str, year: int) -> tuple[datetime, ...]:
    """The first minutes of `year`, in UTC, at which the zone's offset is another."""
    zone = ZoneInfo(name)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    found = []
    begins = datetime(year, 1, 1, tzinfo=UTC)
    for n in range(8784):
        at = begins + n * HOUR
        if offset(at) != offset(at + HOUR):
            found.append(next(m for k in range(61) if offset(m := at + k * MINUTE) != offset(at)))
    return tuple(found)


def near(name: str, year: int, minutes: int) -> datetime:
    """An instant near a change of the zone's offset; any where there is none that year."""
    found = changes(name, year) or (datetime(year, 4, 10, tzinfo=UTC),)
    return found[minutes % len(found)] + minutes * MINUTE


def read_back(said: str, zone: ZoneInfo) -> datetime:
    """The one instant that a sentence names to somebody who looks at the clock there."""
    day, clock, *which = said.split()
    wall = datetime.fromisoformat(f"{day} {clock}")
    instants = {
        at.astimezone(UTC)
        for fold in (0, 1)
        for at in [wall.replace(tzinfo=zone, fold=fold)]
        if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall  # that exists
        and (not which or f"{at:%Z}" == which[0])
    }
    (instant,) = instants
    return instant


zones = st.sampled_from(ZONES)
nights = st.builds(near, zones, st.integers(2024, 2030), st.integers(-300, 300))
offsets = st.integers(-14 * 4, 14 * 4).map(lambda q: timezone(timedelta(minutes=15 * q)))


@given(zones, nights, offsets)
def test_what_is_said_names_the_instant_whatever_offset_it_was_written_with(
    name: str, at: datetime, written: timezone
) -> None:
    zone = ZoneInfo(name)
    assert read_back(date_time_text(at.astimezone(written), zone), zone) == at


@given(st.data())
def test_no_hour_is_told_that_does_not_exist(data: st.DataObject) -> None:
    name = data.draw(zones)
    opens = near(name, data.draw(st.integers(2024, 2030)), data.draw(st.integers(-300, 300)))
    written = data.draw(offsets)
    start = (opens + timedelta(minutes=30)).astimezone(written)
    exam = in_zone(name, paper("am", start, start + 2 * HOUR))
    early = opens - data.draw(st.integers(1, 600)) * MINUTE
    ruling = rule(exam, CandidateFound(ANNA), shown(early, valid_to=date(2040, 1, 1)), set())
    assert ruling.reason is Reason.TOO_EARLY
    said = ruling.facts["time"]
    day = "" if " " in said and "-" in said.split()[0] else f"{local_day(early, exam.zone)} "
    assert read_back(day + said, ZoneInfo(name)) == opens


@given(zones, nights, offsets)
def test_a_card_ends_with_the_day_of_the_exams_wall(
    name: str, at: datetime, written: timezone
) -> None:
    zone = ZoneInfo(name)
    last_day = at.astimezone(zone).date()
    start = (at + timedelta(minutes=10)).astimezone(written)
    exam = in_zone(name, paper("am", start, start + 2 * HOUR))
    for valid_to, reason in (
        (last_day, Reason.OK),
        (last_day - timedelta(days=1), Reason.DOCUMENT_EXPIRED),
    ):
        presented = shown(at.astimezone(written), valid_to=valid_to)
        assert rule(exam, CandidateFound(ANNA), presented, set()).reason is reason


@given(zones, nights, st.integers(0, 400))
def test_retention_ends_at_the_same_time_of_day(name: str, at: datetime, days: int) -> None:
    zone = ZoneInfo(name)
    before, after = at.astimezone(zone), days_later(at, days, zone)
    wall = (before + timedelta(days=days)).replace(tzinfo=None)
    late = after.replace(tzinfo=None) - wall  # by the time of day that is left out that night
    assert timedelta() <= late <= HOUR
    assert after.astimezone(zone).replace(tzinfo=None) == after.replace(tzinfo=None)


@given(zones, nights)
def test_a_stored_time_is_the_same_instant_and_shows_its_day(name: str, at: datetime) -> None:
    stored = in_fixed_offset(at, ZoneInfo(name))
    again = datetime.fromisoformat(stored.isoformat())
    assert (again, str(stored)[:10]) == (at, local_day(at, ZoneInfo(name)).isoformat())


def in_zone(name: str, *papers: Paper) -> Exam:
    return replace(exam_of(*papers), timezone=name)


# -- as they were told in the field ----------------------------------------------------------------


def utc(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=UTC)


def test_a_shanghai_exam_that_is_written_in_utc() -> None:
    exam = in_zone("Asia/Shanghai", paper("am", utc("2027-04-10 01:00"), utc("2027-04-10 03:30")))
    early = rule(exam, CandidateFound(ANNA), shown(utc("2027-04-10 00:20")), set())
    assert text(early.reason, early.facts)[1] == "Too early: entry opens at 08:30"
    late = rule(exam, CandidateFound(ANNA), shown(utc("2027-04-10 01:15")), set())
    assert text(late.reason, late.facts)[1] == "Entry closed at 09:15"
    pm = paper("pm", utc("2027-04-10 06:30"), utc("2027-04-10 09:00"))
    other = rule(
        replace(exam, papers=(*exam.papers, pm)),
        CandidateFound(candidate("pm")),
        shown(utc("2027-04-10 00:45")),
        set(),
    )
    assert text(other.reason, other.facts)[1] == "Your paper is at 2027-04-10 14:30"


def test_a_card_that_expired_yesterday_in_shanghai_while_it_was_today_in_utc() -> None:
    exam = in_zone("Asia/Shanghai", paper("am", utc("2027-04-10 00:00"), utc("2027-04-10 02:00")))
    presented = shown(utc("2027-04-09 23:45"), valid_to=date(2027, 4, 9))  # 07:45 on the 10th
    ruling = rule(exam, CandidateFound(ANNA), presented, set())
    assert ruling.reason is Reason.DOCUMENT_EXPIRED


@pytest.mark.parametrize(
    ("start", "moment", "opens"),
    [
        ("2027-03-14T03:15:00-04:00", "2027-03-14T05:00:00+00:00", "01:45"),
        ("2027-11-07T02:15:00-05:00", "2027-11-07T04:30:00+00:00", "01:45 EST"),
        ("2027-11-07T02:15:00-04:00", "2027-11-07T04:30:00+00:00", "01:45 EDT"),
    ],
)
def test_the_nights_in_new_york(start: str, moment: str, opens: str) -> None:
    begins = datetime.fromisoformat(start)
    exam = in_zone("America/New_York", paper("am", begins, begins + HOUR))
    presented = shown(datetime.fromisoformat(moment))
    ruling = rule(exam, CandidateFound(ANNA), presented, set())
    assert (ruling.reason, ruling.facts["time"]) == (Reason.TOO_EARLY, opens)


def test_a_window_in_half_minutes_is_told_with_its_seconds() -> None:
    at = utc("2027-04-10 00:30") + timedelta(seconds=30)
    assert time_text(at, EXAM.zone, at) == "08:30:30"


@pytest.mark.parametrize("name", ["", "Moon", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_an_exam_in_an_unknown_zone_cannot_be_made(name: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        in_zone(name)


@pytest.mark.parametrize("end", [datetime.max, datetime.min])
@pytest.mark.parametrize("name", ZONES)
def test_a_clock_at_the_end_of_the_calendar_still_has_a_day(name: str, end: datetime) -> None:
    assert local_day(end.replace(tzinfo=UTC), ZoneInfo(name))
