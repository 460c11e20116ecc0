"""The time on the wall of the exam site: which day it is there, and how an instant is written.

Instants are stored and compared as they came, with a fixed offset. They are brought to the exam's
zone in two cases only: a person reads them, or the day is asked for. (Python compares two times
with one and the same zone object by their wall times. That is wrong in the hour that comes twice.)
"""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo


def local(at: datetime, zone: tzinfo | None) -> datetime:
    """`at`, aware, on the wall of `zone`. As it is where there is no zone, and where a wrong clock
    shows a day that no calendar has there."""
    if zone is None:
        return at
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def local_day(at: datetime, zone: tzinfo | None) -> date:
    """The calendar day of `at` in `zone`."""
    return local(at, zone).date()


def days_later(at: datetime, days: int, zone: tzinfo) -> datetime:
    """The same time of day `days` calendar days after `at` in `zone`, as a time with a fixed
    offset. A time of day that does not exist there is moved on by the hour that is left out."""
    then = (local(at, zone) + timedelta(days=days)).astimezone(UTC)
    return in_fixed_offset(then, zone)


def in_fixed_offset(at: datetime, zone: tzinfo | None) -> datetime:
    """`at` as it reads in `zone`, with the offset that is valid there at that time.

    Instants are stored so: a reader who does not know the zone can still tell the day.
    """
    there = local(at, zone)
    return there.replace(tzinfo=timezone(there.utcoffset() or timedelta()), fold=0)


def time_text(at: datetime, zone: tzinfo | None, today: datetime) -> str:
    """HH:MM in `zone`, with the date where it is not that of `today`: 08:30 alone would mean
    today's."""
    if local_day(at, zone) == local_day(today, zone):
        return _clock(local(at, zone))
    return date_time_text(at, zone)


def date_time_text(at: datetime, zone: tzinfo | None) -> str:
    """YYYY-MM-DD HH:MM in `zone`."""
    there = local(at, zone)
    return f"{there.date().isoformat()} {_clock(there)}"


def _clock(there: datetime) -> str:
    """The wall time, with seconds where they are not 0.

    The zone's name is added where summer time ends: HH:MM alone would be ambiguous in the hour that
    comes twice.
    """
    seconds = f":{there.second:02}" if there.second else ""
    twice = there.utcoffset() != there.replace(fold=1 - there.fold).utcoffset()
    return f"{there:%H:%M}{seconds}" + (f" {there:%Z}" if twice else "")
