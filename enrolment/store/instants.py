"""Instants as text that sorts as time does: UTC, microseconds."""

from datetime import UTC, datetime


def text_of(at: datetime) -> str:
    """`at`, aware, as 2027-01-05T06:00:00.000000+00:00."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
